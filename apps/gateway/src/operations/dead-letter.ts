import { compareKeys, isSealed, UnsealableError, type LeftOver, type PageKey, type Sealer } from '@app/common';

/** A dead letter as filters and views see it. */
export interface DeadLetter {
  readonly item: LeftOver;
  readonly messageId: string;
  /** The event it is, or undefined where the body cannot be read. */
  readonly pattern: string | undefined;
  readonly reason: string;
  readonly class: string | undefined;
  readonly provider: string | undefined;
  readonly attempt: number;
  readonly firstPublishedAt: number;
  readonly replayCount: number;
  /** Epoch milliseconds. */
  readonly replayedAt: number | undefined;
  readonly verificationId: string | undefined;
  /** When its code dies. Epoch milliseconds. */
  readonly expiresAt: number | undefined;
  /** E.164, never shown whole; undefined where there is none or it does not open. */
  readonly to: string | undefined;
}

export function deadLetterOf(item: LeftOver, sealer: Sealer): DeadLetter {
  const { headers, event, messageId, firstPublishedAt } = item;
  const data = (event?.data ?? {}) as Readonly<Record<string, unknown>>;
  return {
    item,
    messageId,
    pattern: event?.pattern,
    reason: textOf(headers['x-reason']) ?? 'unknown',
    class: textOf(headers['x-class']),
    provider: textOf(headers['x-provider']),
    attempt: numberOf(headers['x-attempt']),
    firstPublishedAt,
    replayCount: numberOf(headers['x-replay-count']),
    replayedAt: momentOf(headers['x-replayed-at']),
    verificationId: textOf(data.verificationId),
    expiresAt: momentOf(data.expiresAt),
    to: receiverOf(data.to, messageId, sealer),
  };
}

/** What an operator asks for; what is absent matches everything. */
export interface DeadLetterFilter {
  readonly messageIds?: readonly string[];
  /** A part of the reason, in small or capital letters. */
  readonly reason?: string;
  readonly class?: string;
  readonly provider?: string;
  /** Of the first publish, in milliseconds. */
  readonly olderThanMs?: number;
  /** E.164. */
  readonly to?: string;
  /** Leaves out what was replayed at this moment or later, and has died again. */
  readonly notReplayedSince?: number;
}

export function matches(letter: DeadLetter, filter: DeadLetterFilter, now: Date): boolean {
  const { messageIds, reason, olderThanMs, notReplayedSince } = filter;
  return (
    (messageIds?.includes(letter.messageId) ?? true) &&
    (reason === undefined || letter.reason.toLowerCase().includes(reason.toLowerCase())) &&
    (['class', 'provider', 'to'] as const).every(
      (name) => filter[name] === undefined || filter[name] === letter[name],
    ) &&
    (olderThanMs === undefined || letter.firstPublishedAt <= now.getTime() - olderThanMs) &&
    (notReplayedSince === undefined || (letter.replayedAt ?? -Infinity) < notReplayedSince)
  );
}

export const keyOf = ({ firstPublishedAt, messageId }: DeadLetter): PageKey => ({
  at: firstPublishedAt,
  id: messageId,
});

/** The oldest first; the queue itself keeps no order. */
export const byAge = (a: DeadLetter, b: DeadLetter): number => compareKeys(keyOf(a), keyOf(b));

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);

function momentOf(value: unknown): number | undefined {
  const moment = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isNaN(moment) ? undefined : moment;
}

function receiverOf(to: unknown, messageId: string, sealer: Sealer): string | undefined {
  if (typeof to !== 'string') return undefined;
  if (!isSealed(to)) return to;
  try {
    return sealer.open(to, { messageId, field: 'to' });
  } catch (error) {
    if (error instanceof UnsealableError) return undefined;
    throw error;
  }
}
