import { cameToNothing, follow, statusAfter, type Outcome, type Send } from '../delivery/send.js';
import { TIMELINE_LIMIT, type TimelineEntry } from '../delivery/timeline.js';
import type { LimitSettings } from '../limits/limits.config.js';
import { nextCheckAt, noteEnd, noteFailedCheck, type NumberHistory } from '../limits/number-history.js';
import type { CodeHashes } from './keyed-hash.js';
import { isPending, queued, type Verification, type VerificationStatus } from './verification.js';

/**
 * What can happen to a verification:
 *
 * 1. check    counts, then compares, if it has the key of a code; the right code approves, the last wrong one ends it
 * 2. resend   adds a send with a code of its own; earlier codes live on; the attempts are shared
 * 3. cancel   ends it
 * 4. outcome  moves a send; the rejection that leaves no hope of a text ends the verification
 *
 * What its number's limits must know of it goes into the number's history in the same step.
 * `verification-scripts.ts` says the same in Lua, and one suite holds both to it.
 */
export interface After<Kind extends string> {
  readonly kind: Kind;
  readonly verification: Verification;
}

/** A limit of the number stood in the way; nothing was changed. The history says which, and until when. */
export interface Limited {
  readonly kind: 'limited';
  readonly history: NumberHistory;
}

/** A code as somebody typed it: its keyed hashes, and its length, which may be none that this verification's codes have. */
export interface Guess {
  /** Of the caller: the verification of another one is missing. */
  readonly service: string;
  readonly hashes: CodeHashes;
  readonly length: number;
}

export function check(
  verification: Verification,
  history: NumberHistory,
  guess: Guess,
  limits: LimitSettings,
  now: Date,
): After<'not_pending' | 'malformed' | 'key_missing' | 'limited' | 'correct' | 'incorrect'> & {
  readonly history: NumberHistory;
} {
  if (!isPending(verification, now)) return { kind: 'not_pending', verification, history };
  if (guess.length !== verification.codeLength) return { kind: 'malformed', verification, history };
  if (!isComparable(verification, guess.hashes, now)) return { kind: 'key_missing', verification, history };
  if (now.getTime() < nextCheckAt(history, verification, limits)) return { kind: 'limited', verification, history };
  const checksUsed = verification.checksUsed + 1;
  const correct = verification.sends.some(
    (send) => send.codeHash === guess.hashes[send.codeKeyId] && now.getTime() < send.expiresAt,
  );
  const kind = correct ? 'correct' : 'incorrect';
  const counted = noted({ ...verification, checksUsed }, { at: now.getTime(), event: `check.${kind}` });
  if (correct)
    return {
      kind,
      verification: ended(counted, 'approved', now),
      history: noteEnd(history, verification.id, now.getTime()),
    };
  const failed = noteFailedCheck(history, now);
  if (checksUsed < verification.maxChecks) return { kind, verification: counted, history: failed };
  return {
    kind,
    verification: ended(counted, 'max_attempts_reached', now),
    history: noteEnd(failed, verification.id),
  };
}

/** Some code that works was hashed with one of these keys; else no guess can be told from a wrong one. */
export const isComparable = ({ sends }: Verification, hashes: CodeHashes, now: Date): boolean =>
  sends.some(({ codeKeyId, expiresAt }) => codeKeyId in hashes && now.getTime() < expiresAt);

/** The number's limits are the store's to ask, between `mayResend` and this. */
export const resend = (verification: Verification, send: Send): Verification =>
  noted(
    {
      ...verification,
      sends: [...verification.sends, send],
      expiresAt: Math.max(verification.expiresAt, send.expiresAt),
    },
    queued(send),
  );

export function mayResend(verification: Verification, now: Date): 'yes' | 'not_pending' | 'no_sends_left' {
  if (!isPending(verification, now)) return 'not_pending';
  return verification.sends.length < verification.maxSends ? 'yes' : 'no_sends_left';
}

export const cancel = (verification: Verification, now: Date): After<'not_pending' | 'canceled'> =>
  isPending(verification, now)
    ? { kind: 'canceled', verification: ended(verification, 'canceled', now) }
    : { kind: 'not_pending', verification };

export function noteOutcome(
  verification: Verification,
  outcome: Outcome,
  now: Date,
): After<'foreign' | 'repeated' | 'noted'> {
  const { sends, timeline } = verification;
  if (!sends.some((send) => send.messageId === outcome.messageId)) return { kind: 'foreign', verification };
  if (timeline.some((entry) => isSame(entry, outcome))) return { kind: 'repeated', verification };
  const moved = {
    ...verification,
    sends: sends.map((send) => (send.messageId === outcome.messageId ? follow(send, outcome) : send)),
    timeline: timeline.length < TIMELINE_LIMIT ? [...timeline, outcome] : timeline,
  };
  const hopeless = statusAfter(outcome) === 'rejected' && moved.sends.every(cameToNothing);
  const after = hopeless && isPending(moved, now) ? ended(moved, 'undeliverable', now) : moved;
  return { kind: 'noted', verification: after };
}

const isSame = (entry: TimelineEntry, outcome: Outcome): boolean =>
  entry.event === outcome.event &&
  entry.messageId === outcome.messageId &&
  entry.attempt === outcome.attempt &&
  entry.provider === outcome.provider &&
  entry.nextAttemptAt === outcome.nextAttemptAt; // a wait that used up no attempt is news all the same

const noted = (verification: Verification, entry: TimelineEntry): Verification => ({
  ...verification,
  timeline: [...verification.timeline, entry],
});

const ended = (verification: Verification, status: VerificationStatus, now: Date): Verification =>
  noted({ ...verification, status, endedAt: now.getTime() }, { at: now.getTime(), event: `verification.${status}` });
