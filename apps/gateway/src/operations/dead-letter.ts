import { createHash } from 'node:crypto';
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
  /** Of its message id, its event and its content: two that share it are the same message, unless they have no id. */
  readonly fingerprint: string;
  /** Counts, from 1, those of one look that share fingerprint and replays, as events without an id may. */
  readonly copy: number;
}

export function deadLettersOf(items: readonly LeftOver[], sealer: Sealer): DeadLetter[] {
  const copies = new Map<string, number>();
  return items.map((item) => {
    const letter = deadLetterOf(item, sealer);
    const alike = `${letter.fingerprint} ${letter.replayCount}`;
    const copy = (copies.get(alike) ?? 0) + 1;
    copies.set(alike, copy);
    return { ...letter, copy };
  });
}

function deadLetterOf(item: LeftOver, sealer: Sealer): Omit<DeadLetter, 'copy'> {
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
    fingerprint: fingerprintOf(item),
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

/** No two letters of one look share it: what shares a message id, or has none, is still shown one by one. */
export const keyOf = ({ firstPublishedAt, fingerprint, replayCount, copy }: DeadLetter): PageKey => ({
  at: firstPublishedAt,
  id: `${fingerprint} ${replayCount} ${copy}`,
});

/**
 * Another copy of a message that was replayed is what a replay leaves that dies between its two steps. The message id alone
 * does not tell: all outcomes of a text carry that of their text.
 */
export class Replayed {
  private readonly fingerprints = new Set<string>();

  add({ messageId, fingerprint }: DeadLetter): void {
    if (messageId !== '') this.fingerprints.add(fingerprint);
  }

  hasTwinOf({ fingerprint }: DeadLetter): boolean {
    return this.fingerprints.has(fingerprint);
  }
}

/** The oldest first; the queue itself keeps no order. */
export const byAge = (a: DeadLetter, b: DeadLetter): number => compareKeys(keyOf(a), keyOf(b));

/** 64 bits are plenty for one queue. */
const fingerprintOf = ({ messageId, event, content }: LeftOver): string =>
  createHash('sha256')
    .update(JSON.stringify([messageId, event?.pattern ?? null]))
    .update(content)
    .digest('hex')
    .slice(0, 16);

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
