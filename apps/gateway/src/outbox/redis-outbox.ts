import { RedisUnavailableError, SmsSend, type Redis } from '@app/common';
import { TAGS } from '../verification/verification-id.js';
import { LOOK, leaseKeyOf, outboxKeysOf, RELEASE, REMOVE, TAKE } from './outbox-scripts.js';
import type { Lease, Outbox, OutboxEntry, OutboxView } from './outbox.js';

/** For any number of gateways. Each call concerns one tag's keys; `look` asks for all tags at once,
 * and of a cluster sees those whose nodes answer. */
export class RedisOutbox implements Outbox {
  constructor(private readonly redis: Redis) {}

  async look(now: Date): Promise<OutboxView[]> {
    const views = await Promise.allSettled(TAGS.map((tag) => this.lookAt(tag, now)));
    const seen = views.flatMap((view) => (view.status === 'fulfilled' ? [view.value] : []));
    const failed = views.find((view) => view.status === 'rejected');
    if (failed && (seen.length === 0 || !(failed.reason instanceof RedisUnavailableError))) throw failed.reason;
    return seen.filter(({ entries }) => entries > 0);
  }

  async take(tag: string, { owner, ms }: Lease, limit: number, now: Date): Promise<OutboxEntry[] | undefined> {
    const keys = [...outboxKeysOf(tag), leaseKeyOf(tag)];
    const due = await TAKE.run(this.redis, keys, [now.getTime(), owner, ms, limit]);
    return due === null ? undefined : pairsOf(due).map(([text, dueAt]) => readEntry(text, dueAt));
  }

  async remove(tag: string, messageIds: readonly string[]): Promise<void> {
    if (messageIds.length > 0) await REMOVE.run(this.redis, outboxKeysOf(tag), messageIds);
  }

  async release(tag: string, owner: string): Promise<void> {
    await RELEASE.run(this.redis, [leaseKeyOf(tag)], [owner]);
  }

  private async lookAt(tag: string, now: Date): Promise<OutboxView> {
    const [set] = outboxKeysOf(tag);
    const [entries, due, oldestDueAt] = await LOOK.run(this.redis, [set], [now.getTime()]);
    return { tag, entries, due, ...(oldestDueAt !== null && { oldestDueAt: Number(oldestDueAt) }) };
  }
}

/** The event as it is published, and beside its members the trace it belongs to. */
export const entryText = ({ event, traceparent }: OutboxEntry): string => JSON.stringify({ ...event, traceparent });

function readEntry(text: string, dueAt: number): OutboxEntry {
  const { traceparent, ...event } = JSON.parse(text) as SmsSend & Pick<OutboxEntry, 'traceparent'>;
  return { event: Object.assign(new SmsSend(), event), dueAt, ...(traceparent && { traceparent }) };
}

const pairsOf = (flat: readonly string[]): [event: string, dueAt: number][] =>
  Array.from({ length: flat.length / 2 }, (_, n) => [flat[2 * n]!, Number(flat[2 * n + 1])]);
