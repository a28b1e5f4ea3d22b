import type { Lease, Outbox, OutboxEntry, OutboxView } from './outbox.js';

/** For development and tests: lost with the process. */
export class MemoryOutbox implements Outbox {
  private readonly tags = new Map<string, Map<string, OutboxEntry>>();
  private readonly leases = new Map<string, { readonly owner: string; readonly until: number }>();

  constructor(private readonly maxPerTag: number) {}

  isFull(tag: string): boolean {
    return this.entriesOf(tag).size >= this.maxPerTag;
  }

  put(tag: string, entry: OutboxEntry): void {
    this.entriesOf(tag).set(entry.event.messageId, entry);
  }

  async look(now: Date): Promise<OutboxView[]> {
    return [...this.tags].flatMap(([tag, entries]) => {
      if (entries.size === 0) return [];
      const [oldest, ...rest] = this.due(tag, now);
      const view = { tag, entries: entries.size, due: oldest ? 1 + rest.length : 0 };
      return [oldest ? { ...view, oldestDueAt: oldest.dueAt } : view];
    });
  }

  async take(tag: string, { owner, ms }: Lease, limit: number, now: Date): Promise<OutboxEntry[] | undefined> {
    const lease = this.leases.get(tag);
    if (lease && lease.owner !== owner && performance.now() < lease.until) return undefined;
    const due = this.due(tag, now).slice(0, limit);
    if (due.length === 0) this.leases.delete(tag);
    else this.leases.set(tag, { owner, until: performance.now() + ms });
    return due;
  }

  async remove(tag: string, messageIds: readonly string[]): Promise<void> {
    this.drop(tag, messageIds);
  }

  /** How many of them were there. */
  drop(tag: string, messageIds: readonly string[]): number {
    return messageIds.filter((messageId) => this.entriesOf(tag).delete(messageId)).length;
  }

  async release(tag: string, owner: string): Promise<void> {
    if (this.leases.get(tag)?.owner === owner) this.leases.delete(tag);
  }

  private due(tag: string, now: Date): OutboxEntry[] {
    return [...this.entriesOf(tag).values()]
      .filter(({ dueAt }) => dueAt <= now.getTime())
      .sort((a, b) => a.dueAt - b.dueAt || (a.event.messageId < b.event.messageId ? -1 : 1));
  }

  private entriesOf(tag: string): Map<string, OutboxEntry> {
    const entries = this.tags.get(tag) ?? new Map<string, OutboxEntry>();
    this.tags.set(tag, entries);
    return entries;
  }
}
