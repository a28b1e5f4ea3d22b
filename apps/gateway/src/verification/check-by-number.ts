import type { LimitSettings } from '../limits/limits.config.js';
import { nextCheckAt, noteEnd, noteFailedCheck, type NumberHistory } from '../limits/number-history.js';
import type { CodeHashes } from './keyed-hash.js';
import { check, isComparable, type After, type Guess } from './transitions.js';
import { isPending, type Verification } from './verification.js';

/** A code for whichever of a number's pending verifications it belongs to. */
export interface NumberGuess extends Omit<Guess, 'hashes'> {
  readonly purpose: string;
  /** The keyed hashes of the code, as one of the verification's. */
  readonly hashesOf: (verificationId: string) => CodeHashes;
}

/**
 * Of a check, over the pending verifications of a number, the one texted last at the end:
 *
 * 1. those of the guess's service and purpose, whose codes have its length and a key that it was hashed with, are meant
 * 2. those that a limit of the number keeps from being checked now are left out; where it keeps all, it refuses
 * 3. a right code approves the one it belongs to and costs the others nothing
 * 4. a wrong one costs each of them an attempt, and the number one failed check
 *
 * Undefined: none is pending. `changed` are the verifications to keep, `verification` is the one to answer with. Said in
 * Lua by `verification-scripts.ts`.
 */
export function checkByNumber(
  verifications: readonly Verification[],
  history: NumberHistory,
  { service, purpose, length, hashesOf }: NumberGuess,
  limits: LimitSettings,
  now: Date,
) {
  const pending = verifications.filter(
    (one) => one.service === service && one.purpose === purpose && isPending(one, now),
  );
  const latest = pending.at(-1);
  if (!latest) return undefined;
  const fitting = pending.filter(({ codeLength }) => codeLength === length);
  if (fitting.length === 0) return unchanged('malformed', latest, history);
  const meant = fitting.filter((one) => isComparable(one, hashesOf(one.id), now));
  if (meant.length === 0) return unchanged('key_missing', fitting.at(-1)!, history);
  const freeAt = (one: Verification) => nextCheckAt(history, one, limits);
  const free = meant.filter((one) => now.getTime() >= freeAt(one));
  if (free.length === 0) {
    const soonest = meant.reduce((before, one) => (freeAt(one) <= freeAt(before) ? one : before));
    return unchanged('limited', soonest, history);
  }
  const answers = free.map((one) => check(one, history, { service, length, hashes: hashesOf(one.id) }, limits, now));
  const right = answers.findLast(({ kind }) => kind === 'correct');
  if (right) return { ...right, kind: 'correct' as const, changed: [right.verification] };
  const changed = answers.map(({ verification }) => verification);
  const ended = changed.filter(({ status }) => status !== 'pending');
  return {
    kind: 'incorrect' as const,
    verification: changed.at(-1)!,
    changed,
    history: ended.reduce((its, { id }) => noteEnd(its, id), noteFailedCheck(history, now)),
  };
}

const unchanged = <Kind extends string>(kind: Kind, verification: Verification, history: NumberHistory) =>
  ({ kind, verification, history, changed: [] }) satisfies After<Kind> & {
    readonly history: NumberHistory;
    readonly changed: readonly [];
  };
