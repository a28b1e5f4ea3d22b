import type { Outcome, Send } from '../delivery/send.js';
import type { LimitSettings } from '../limits/limits.config.js';
import type { NumberHistory, NumberLimits } from '../limits/number-history.js';
import type { OutboxEntry } from '../outbox/outbox.js';
import type { NumberGuess } from './check-by-number.js';
import type { After, Guess, Limited } from './transitions.js';
import type { ListFilter, Listed, PageAsked } from './verification-list.js';
import type { Verification } from './verification.js';

/** Unknown, of another service than the one that asks, or forgotten 24 h after its end. */
export interface Missing {
  readonly kind: 'missing';
}

/** The outbox has no place for another text. Nothing was changed. */
export interface OutboxFull {
  readonly kind: 'outbox_full';
}

/** How many verifications could still be read, and how many texts still waited for the broker. */
export interface Erased {
  readonly verifications: number;
  readonly texts: number;
}

/**
 * Where verifications live, and with them the outbox of their texts and the history of their numbers. Each method is one
 * atomic step: of any number of callers at once, in any number of processes, each sees the whole effect of the ones before
 * it. `now` is the caller's clock; the store has none of its own.
 * All but the memory store may throw RedisUnavailableError, after which a write may or may not have taken effect.
 *
 * Chosen by REDIS_URL: with it `RedisVerificationStore`, in standalone `MemoryVerificationStore`.
 */
export interface VerificationStore {
  /**
   * Keeps a new verification, puts its text into the outbox and counts it for its number; refuses what the number's limits
   * do not allow. Never touches another verification. Here and below, `limits` may differ from call to call.
   */
  open(
    verification: Verification,
    text: OutboxEntry,
    limits: NumberLimits,
    now: Date,
  ): Promise<Limited | OutboxFull | { readonly kind: 'opened'; readonly history: NumberHistory }>;

  /** Of any service, as it was last written: its status may have expired since (`statusAt`). */
  find(id: string, now: Date): Promise<Verification | undefined>;

  /**
   * The newest first. A page may be short, and even empty, though it is not the last: how many verifications one call looks
   * at is bounded, and some are forgotten. Not one step: what starts or ends meanwhile may be on a page or not.
   */
  list(filter: ListFilter, page: PageAsked, now: Date): Promise<Listed>;

  /** What the number did in the last 24 hours. */
  history(numberHash: string, now: Date): Promise<NumberHistory>;

  /** Adds what the number did under another name to what it did under this one; again it changes nothing. */
  adopt(numberHash: string, history: NumberHistory, now: Date): Promise<void>;

  /**
   * Counts before it compares: of any number of checks at once no more than `maxChecks` are compared, and one approves. A
   * failed one also counts for the number; beyond the number's limits nothing is compared and no attempt used, nor where
   * every code that works was hashed with another key than the guess (`key_missing`).
   * Here and below, what ends a verification takes its texts out of the outbox: nobody waits for them any more.
   */
  check(
    id: string,
    guess: Guess,
    limits: LimitSettings,
    now: Date,
  ): Promise<
    | Missing
    | (After<'limited'> & Limited)
    | After<'not_pending' | 'malformed' | 'key_missing' | 'correct' | 'incorrect'>
  >;

  /**
   * The same for a caller who knows the number and no id: of its pending verifications in the guess's service and of its
   * purpose a right code approves the one it belongs to, and a wrong one costs each an attempt. `missing`: none is pending.
   * A verification that starts meanwhile may be left out: nobody can mean its code yet.
   */
  checkByNumber(
    numberHash: string,
    guess: NumberGuess,
    limits: LimitSettings,
    now: Date,
  ): Promise<Missing | (After<'limited'> & Limited) | After<'malformed' | 'key_missing' | 'correct' | 'incorrect'>>;

  /**
   * Adds a send, puts its text into the outbox and counts it for the number. All earlier codes and the count of checks
   * stay as they are.
   */
  resend(
    verification: Pick<Verification, 'id' | 'numberHash'>,
    send: Send,
    text: OutboxEntry,
    limits: NumberLimits,
    now: Date,
  ): Promise<
    | Missing
    | Limited
    | OutboxFull
    | After<'not_pending' | 'no_sends_left'>
    | (After<'resent'> & { readonly history: NumberHistory })
  >;

  cancel(id: string, service: string, now: Date): Promise<Missing | After<'not_pending' | 'canceled'>>;

  /**
   * Forgets every verification of a number in a service, or in all where none is named, with their texts in the outbox. The
   * number's history stays for as long as it would have, of moments only: limits count on.
   */
  erase(numberHash: string, service: string | undefined, now: Date): Promise<Erased>;

  /** Writes what became of a send. `foreign`: the verification has no such send. `repeated`: noted before, nothing changed. */
  noteOutcome(id: string, outcome: Outcome, now: Date): Promise<Missing | After<'foreign' | 'repeated' | 'noted'>>;
}

export const VerificationStore = Symbol('VerificationStore');
