import type { TimelineEntry } from './timeline.js';

/**
 * What is known of one text, from the least to the most: outcomes may come late, twice and in any order, and only one that
 * says more than what is known moves a send. `waiting`: refused for now, the next attempt is due. `unknown`: the company may have it.
 */
export const DELIVERY_STATUSES = [
  'queued',
  'waiting',
  'unknown',
  'rejected',
  'expired',
  'accepted',
  'undelivered',
  'delivered',
] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** An outcome event of the worker as the timeline holds it. */
export type Outcome = TimelineEntry & Required<Pick<TimelineEntry, 'messageId' | 'attempt' | 'provider' | 'final'>>;

/** One text of a verification: its code, and what became of it. Times are epoch milliseconds. */
export interface Send {
  readonly messageId: string;
  /** Which of HASH_KEYS made the hash of its code. */
  readonly codeKeyId: string;
  readonly codeHash: string;
  readonly queuedAt: number;
  /** Its code stops working then, whatever later sends do. */
  readonly expiresAt: number;
  readonly status: DeliveryStatus;
  /** The outcome that made the status. */
  readonly outcome?: Outcome;
}

export const statusAfter = ({ event, final }: Outcome): DeliveryStatus => {
  if (event === 'sms.rejected') return final ? 'rejected' : 'waiting';
  return event.slice('sms.'.length) as DeliveryStatus;
};

/** The send after an outcome of it; the same object where the outcome says nothing new. */
export function follow(send: Send, outcome: Outcome): Send {
  const status = statusAfter(outcome);
  const more = DELIVERY_STATUSES.indexOf(status) - DELIVERY_STATUSES.indexOf(send.status);
  const newer = more > 0 || (more === 0 && isLater(outcome, send.outcome));
  return newer ? { ...send, status, outcome } : send;
}

/** No text came of it and none will. A send that a company accepted never counts as that, whatever its receipt says. */
export const cameToNothing = ({ status }: Send): boolean => status === 'rejected' || status === 'expired';

/** A wait that used up no attempt comes to a later time at the same attempt. */
const isLater = (outcome: Outcome, known: Outcome | undefined): boolean =>
  outcome.attempt === known?.attempt
    ? (outcome.nextAttemptAt ?? 0) > (known.nextAttemptAt ?? 0)
    : outcome.attempt > (known?.attempt ?? 0);
