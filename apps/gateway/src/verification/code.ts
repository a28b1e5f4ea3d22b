import { randomInt } from 'node:crypto';

/** Digits from a CSPRNG, every code equally likely, leading zeros included. */
export const newCode = (length: number): string => String(randomInt(10 ** length)).padStart(length, '0');

/**
 * The digits of a code as people type and paste it: spaces, dashes and invisible marks go; full-width, Arabic-Indic and
 * Persian digits count as theirs. Undefined where anything else is in it.
 */
export function readCode(text: string): string | undefined {
  const digits = text
    .normalize('NFKC')
    .replace(/[\s\p{Pd}\p{Cf}\u2212]/gu, '')
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 0xf));
  return /^\d+$/.test(digits) ? digits : undefined;
}
