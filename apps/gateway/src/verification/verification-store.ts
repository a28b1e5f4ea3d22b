import type { Outcome, Send } from '../delivery/send.js';
import type { After, Guess } from './transitions.js';
import type { Verification } from './verification.js';

/** Unknown, or forgotten 24 h after its end. */
export interface Missing {
  readonly kind: 'missing';
}

/** The number was texted lately; the next text may be asked for at `endsAt`, epoch milliseconds. Nothing was changed. */
export interface InCooldown {
  readonly kind: 'in_cooldown';
  readonly endsAt: number;
}

/**
 * Where verifications live. Each method is one atomic step: of any number of callers at once, in any number of processes,
 * each sees the whole effect of the ones before it. `now` is the caller's clock; the store has none of its own.
 * All but the memory store may throw RedisUnavailableError, after which a write may or may not have taken effect.
 *
 * Chosen by REDIS_URL: with it `RedisVerificationStore`, in standalone `MemoryVerificationStore`.
 */
export interface VerificationStore {
  /** Keeps a new verification and starts its number's cooldown; refuses while a cooldown runs. Never touches another verification. */
  open(verification: Verification, cooldownMs: number, now: Date): Promise<InCooldown | { readonly kind: 'opened' }>;

  /** As it was last written: its status may have expired since (`statusAt`). */
  find(id: string, now: Date): Promise<Verification | undefined>;

  /** When the number's cooldown ends, epoch milliseconds; undefined when none runs. */
  cooldownEnd(numberHash: string, now: Date): Promise<number | undefined>;

  /** Counts before it compares: of any number of checks at once no more than `maxChecks` are compared, and one approves. */
  check(
    id: string,
    guess: Guess,
    now: Date,
  ): Promise<Missing | After<'not_pending' | 'malformed' | 'correct' | 'incorrect'>>;

  /** Adds a send and starts the number's cooldown again. All earlier codes and the count of checks stay as they are. */
  resend(
    verification: Pick<Verification, 'id' | 'numberHash'>,
    send: Send,
    cooldownMs: number,
    now: Date,
  ): Promise<Missing | InCooldown | After<'not_pending' | 'no_sends_left' | 'resent'>>;

  cancel(id: string, now: Date): Promise<Missing | After<'not_pending' | 'canceled'>>;

  /**
   * Undoes what `open` or `resend` did for one send that never left: its code, its timeline entry, and the cooldown if no
   * later send has taken it. A verification without any other send is forgotten. Does nothing when done before.
   */
  withdraw(verification: Pick<Verification, 'id' | 'numberHash'>, messageId: string, now: Date): Promise<void>;

  /** Writes what became of a send. `foreign`: the verification has no such send. `repeated`: noted before, nothing changed. */
  noteOutcome(id: string, outcome: Outcome, now: Date): Promise<Missing | After<'foreign' | 'repeated' | 'noted'>>;
}

export const VerificationStore = Symbol('VerificationStore');
