import type { SentText } from './receipt-book.js';

/** A text that is looked after until its receipt comes. */
export interface ExpectedReceipt {
  readonly text: SentText;
  readonly providerMessageId?: string;
  /** The number, sealed; only where the company can be asked about it. */
  readonly to?: string;
  /** When the company was asked for the text, by the clock of whoever asked. Milliseconds since 1970. */
  readonly askedAt: number;
  /** Nobody waits longer than to the look that comes next. */
  readonly last: boolean;
}

/**
 * Texts by when they must be looked after, one entry a message, MAX_EXPECTED at most. Shared by all workers; implementations:
 * memory and Redis; each call is one atomic step, by the clock of the store.
 * @throws RedisUnavailableError
 */
export interface DueReceipts {
  /** Takes the place of an earlier entry of the message. `full`: nobody will look after it. */
  add(expected: ExpectedReceipt, afterMs: number): Promise<'added' | 'full'>;
  /** Those that are due, to one caller; what it has not removed or postponed is due again after `leaseMs`. */
  take(limit: number, leaseMs: number): Promise<readonly ExpectedReceipt[]>;
  /** Looked after, and to be looked after again; nothing where it has been removed meanwhile. */
  postpone(expected: ExpectedReceipt, afterMs: number): Promise<void>;
  remove(messageId: string): Promise<void>;
}

export const DUE_RECEIPTS = Symbol('DueReceipts');

/** About half a kilobyte each. */
export const MAX_EXPECTED = 200_000;
