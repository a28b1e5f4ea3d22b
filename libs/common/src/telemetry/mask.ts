const secrets = new Set<string>();

/** From now on this value is masked wherever a log line holds it. Values shorter than 6 characters are too common to mask. */
export function keepSecret(value: string): void {
  for (const part of [value, ...value.split(',')]) {
    if (part.length < 6) continue;
    secrets.add(part);
    secrets.add(JSON.stringify(part).slice(1, -1)); // as it stands in a log line
  }
}

const E164 = /\+[1-9]\d{6,14}(?!\d)/g;
/** A mainland mobile number as people and companies write it, without the plus sign. */
const BARE_CN = /(?<![\d.])(?:(?:00)?86)?1[3-9]\d{9}(?![\d.])/g;
const URL_CREDENTIALS = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"]*@/gi;

/** `+8613800138000` → `+86138****8000`: enough for a human to compare, too little to call. */
export const maskNumber = (number: string): string =>
  number.length <= 7
    ? '****'
    : `${number.slice(0, Math.min(6, number.length - 6))}****${number.slice(-Math.min(4, number.length - 6))}`;

/** Masks by value, whatever field it stands in: every secret setting, credentials in URLs, telephone numbers. */
export function mask(text: string): string {
  let masked = text;
  for (const secret of secrets) if (masked.includes(secret)) masked = masked.replaceAll(secret, '***');
  return masked.replace(URL_CREDENTIALS, '$1***@').replace(E164, maskNumber).replace(BARE_CN, maskNumber);
}
