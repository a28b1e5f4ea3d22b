import type { SmsSend } from '@app/common';

/** A text that was accepted and that no broker has confirmed yet. Sealed like the event itself. */
export interface OutboxEntry {
  readonly event: SmsSend;
  /** Before this moment the request that saved it is publishing it; from then on it waits for the relay. Epoch milliseconds. */
  readonly dueAt: number;
  /** Of the request that saved it; travels with the event, whoever publishes it. */
  readonly traceparent?: string;
}

/** What one tag holds at a moment. */
export interface OutboxView {
  readonly tag: string;
  /** All entries, those of requests under way included. */
  readonly entries: number;
  /** Entries that wait for the relay. */
  readonly due: number;
  /** When the oldest of those became due, epoch milliseconds. */
  readonly oldestDueAt?: number;
}

/** Who relays a tag, and for how long nobody else does. */
export interface Lease {
  readonly owner: string;
  readonly ms: number;
}

/**
 * Texts on their way to the broker, as the store of verifications keeps them. `VerificationStore.open` and `resend` put an
 * entry in the same step that saves the send; the step that ends a verification drops its entries; everything else is here.
 * `now` is the caller's clock, except for leases, which the store times. May throw RedisUnavailableError.
 */
export interface Outbox {
  /** Of every tag that holds anything and can be looked at; throws where none can. */
  look(now: Date): Promise<OutboxView[]>;

  /**
   * Due entries of one tag, the longest due first, without removing them. While there are some the tag is leased to the
   * owner, anew with each call; an empty answer gives the lease back. Undefined: another owner has it.
   */
  take(tag: string, lease: Lease, limit: number, now: Date): Promise<OutboxEntry[] | undefined>;

  /** Forgets entries that the broker has confirmed. Those that are not there any more are no mistake. */
  remove(tag: string, messageIds: readonly string[]): Promise<void>;

  /** Gives a lease back early; does nothing to another owner's. */
  release(tag: string, owner: string): Promise<void>;
}

export const Outbox = Symbol('Outbox');

/** Each tag has its share of the bound, so that the step that saves a text can hold to it. */
export const entriesPerTag = (max: number, tags: number): number => Math.ceil(max / tags);
