import type { Outcome, Send } from '../delivery/send.js';
import type { OutboxEntry } from '../outbox/outbox.js';
import type { After, Guess } from './transitions.js';
import type { Verification } from './verification.js';

/** Unknown, of another service than the one that asks, or forgotten 24 h after its end. */
export interface Missing {
  readonly kind: 'missing';
}

/** The number was texted lately; the next text may be asked for at `endsAt`, epoch milliseconds. Nothing was changed. */
export interface InCooldown {
  readonly kind: 'in_cooldown';
  readonly endsAt: number;
}

/** The outbox has no place for another text. Nothing was changed. */
export interface OutboxFull {
  readonly kind: 'outbox_full';
}

/**
 * Where verifications live, and with them the outbox of their texts. Each method is one atomic step: of any number of callers at once, in any number of processes,
 * each sees the whole effect of the ones before it. `now` is the caller's clock; the store has none of its own.
 * All but the memory store may throw RedisUnavailableError, after which a write may or may not have taken effect.
 *
 * Chosen by REDIS_URL: with it `RedisVerificationStore`, in standalone `MemoryVerificationStore`.
 */
export interface VerificationStore {
  /**
   * Keeps a new verification, puts its text into the outbox and starts its number's cooldown; refuses while a cooldown
   * runs. Never touches another verification.
   */
  open(
    verification: Verification,
    text: OutboxEntry,
    cooldownMs: number,
    now: Date,
  ): Promise<InCooldown | OutboxFull | { readonly kind: 'opened' }>;

  /** Of any service, as it was last written: its status may have expired since (`statusAt`). */
  find(id: string, now: Date): Promise<Verification | undefined>;

  /** When the number's cooldown ends, epoch milliseconds; undefined when none runs. */
  cooldownEnd(numberHash: string, now: Date): Promise<number | undefined>;

  /**
   * Counts before it compares: of any number of checks at once no more than `maxChecks` are compared, and one approves.
   * Here and below, what ends a verification takes its texts out of the outbox: nobody waits for them any more.
   */
  check(
    id: string,
    guess: Guess,
    now: Date,
  ): Promise<Missing | After<'not_pending' | 'malformed' | 'correct' | 'incorrect'>>;

  /**
   * Adds a send, puts its text into the outbox and starts the number's cooldown again. All earlier codes and the count of
   * checks stay as they are.
   */
  resend(
    verification: Pick<Verification, 'id' | 'numberHash'>,
    send: Send,
    text: OutboxEntry,
    cooldownMs: number,
    now: Date,
  ): Promise<Missing | InCooldown | OutboxFull | After<'not_pending' | 'no_sends_left' | 'resent'>>;

  cancel(id: string, service: string, now: Date): Promise<Missing | After<'not_pending' | 'canceled'>>;

  /** Writes what became of a send. `foreign`: the verification has no such send. `repeated`: noted before, nothing changed. */
  noteOutcome(id: string, outcome: Outcome, now: Date): Promise<Missing | After<'foreign' | 'repeated' | 'noted'>>;
}

export const VerificationStore = Symbol('VerificationStore');
