/** 3GPP TS 23.038: the basic character set, and the extension whose characters take two septets. */
const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const EXTENSION = '\f^{}\\[~]|€';

const SEPTETS: ReadonlyMap<string, number> = new Map([
  ...[...BASIC].map((character) => [character, 1] as const),
  ...[...EXTENSION].map((character) => [character, 2] as const),
]);

export interface SmsLength {
  readonly encoding: 'GSM-7' | 'UCS-2';
  /** In septets or in UTF-16 units, as the encoding counts. */
  readonly length: number;
  readonly segments: number;
}

/** How many texts a company bills: a character is never split over two. */
export function smsLength(text: string): SmsLength {
  const { encoding, parts } = smsParts(text);
  return { encoding, length: parts.reduce((sum, size) => sum + size, 0), segments: parts.length };
}

/** The texts that carry it, each by its size in septets or UTF-16 units: the parts of a long one hold 7 and 3 fewer. */
export function smsParts(text: string): { encoding: SmsLength['encoding']; parts: readonly number[] } {
  const characters = [...text];
  const gsm = characters.every((character) => SEPTETS.has(character));
  const sizes = characters.map((character) => (gsm ? SEPTETS.get(character)! : character.length));
  const length = sizes.reduce((sum, size) => sum + size, 0);
  const [single, part] = gsm ? [160, 153] : [70, 67];
  return { encoding: gsm ? 'GSM-7' : 'UCS-2', parts: length <= single ? [length] : split(sizes, part) };
}

function split(sizes: readonly number[], part: number): number[] {
  const parts = [0];
  for (const size of sizes) {
    if (parts.at(-1)! + size > part) parts.push(0);
    parts[parts.length - 1]! += size;
  }
  return parts;
}
