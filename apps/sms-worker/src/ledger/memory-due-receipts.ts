import { MAX_EXPECTED, type DueReceipts, type ExpectedReceipt } from '@app/sms-provider';

interface Entry {
  readonly expected: ExpectedReceipt;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** For development and tests: gone with the process. */
export class MemoryDueReceipts implements DueReceipts {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly max = MAX_EXPECTED) {}

  async add(expected: ExpectedReceipt, afterMs: number): Promise<'added' | 'full'> {
    const { messageId } = expected.text;
    if (!this.entries.has(messageId) && this.entries.size >= this.max) return 'full';
    this.entries.set(messageId, { expected, at: Date.now() + afterMs });
    return 'added';
  }

  async take(limit: number, leaseMs: number): Promise<readonly ExpectedReceipt[]> {
    const now = Date.now();
    const due = [...this.entries].filter(([, { at }]) => at <= now).sort(([, one], [, other]) => one.at - other.at);
    return due.slice(0, limit).map(([messageId, { expected }]) => {
      this.entries.set(messageId, { expected, at: now + leaseMs });
      return expected;
    });
  }

  async postpone(expected: ExpectedReceipt, afterMs: number): Promise<void> {
    if (this.entries.has(expected.text.messageId)) await this.add(expected, afterMs);
  }

  async remove(messageId: string): Promise<void> {
    this.entries.delete(messageId);
  }
}
