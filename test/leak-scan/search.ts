import { formsOf, type Form, type Secret } from './secrets.js';

/** Something in which secrets are looked for. */
export interface Haystack {
  readonly place: string;
  readonly bytes: Buffer;
}

/** Where something was found. It says what kind of thing it is, never what. */
export interface Hit {
  readonly place: string;
  readonly offset: number;
  readonly kind: Secret['kind'];
  readonly form: string;
}

/** A global costs Jest's sandbox a look-up each time. */
const { imul } = Math;

/** Every form of every secret is at least this long. */
const WINDOW = 8;
const BASE = 0x01000193;
const LEAVING = Array.from({ length: WINDOW }).reduce<number>((power) => imul(power, BASE), 1);
const FILTER_BITS = 22;

/** Looks for thousands of secrets in one pass (Rabin-Karp over their first bytes). */
export class SecretSearch {
  private readonly byHash = new Map<number, Form[]>();
  /** Of the hashes that begin a secret, so that nearly no other place costs a look into the map. */
  private readonly filter = new Uint8Array(2 ** (FILTER_BITS - 3));

  constructor(secrets: readonly Secret[]) {
    for (const form of secrets.flatMap(formsOf)) {
      if (form.bytes.length < WINDOW) throw new Error(`A ${form.kind} is too short to be looked for`);
      const hash = hashOf(form.bytes);
      const same = this.byHash.get(hash);
      if (same) same.push(form);
      else this.byHash.set(hash, [form]);
      const bit = hash >>> (32 - FILTER_BITS);
      this.filter[bit >>> 3]! |= 1 << (bit & 7);
    }
  }

  in({ place, bytes }: Haystack): Hit[] {
    const { filter } = this;
    const hits: Hit[] = [];
    let hash = 0;
    for (let at = 0; at < bytes.length; at++) {
      hash = (imul(hash, BASE) + bytes[at]!) | 0;
      if (at >= WINDOW) hash = (hash - imul(bytes[at - WINDOW]!, LEAVING)) | 0;
      const bit = hash >>> (32 - FILTER_BITS);
      if ((filter[bit >>> 3]! & (1 << (bit & 7))) === 0 || at < WINDOW - 1) continue;
      hits.push(...this.beginningAt(at - WINDOW + 1, hash, place, bytes));
    }
    return hits;
  }

  private beginningAt(offset: number, hash: number, place: string, bytes: Buffer): Hit[] {
    return (this.byHash.get(hash) ?? [])
      .filter(({ bytes: wanted }) => bytes.subarray(offset, offset + wanted.length).equals(wanted))
      .filter(
        ({ kind, form, bytes: { length } }) =>
          !(kind === 'code' && form === 'raw' && isByChance(bytes, offset, length)),
      )
      .map(({ kind, form }) => ({ place, offset, kind, form }));
  }
}

function hashOf(bytes: Buffer): number {
  let hash = 0;
  for (let at = 0; at < WINDOW; at++) hash = (imul(hash, BASE) + bytes[at]!) | 0;
  return hash;
}

const DIGIT = /[0-9]/;
const ID = /[0-9a-f-]/;
/** Digits of a time in milliseconds, until the year 2286. */
const TIME = 13;
/** Hex digits and dashes in a row that are an id or a hash: a UUID, ours, SHA-256. */
const SHORTEST_ID = 24;

/**
 * Ten digits of a time or of an id are some code now and then: with a thousand codes and a million such places in every
 * hundredth run. Everything else that looks like a code counts.
 */
function isByChance(bytes: Buffer, offset: number, length: number): boolean {
  const digits = runAround(bytes, offset, length, DIGIT);
  return digits === TIME || runAround(bytes, offset, length, ID) >= SHORTEST_ID;
}

function runAround(bytes: Buffer, offset: number, length: number, what: RegExp): number {
  const is = (at: number) => at >= 0 && at < bytes.length && what.test(String.fromCharCode(bytes[at]!));
  let [first, last] = [offset, offset + length - 1];
  while (is(first - 1)) first--;
  while (is(last + 1)) last++;
  return last - first + 1;
}
