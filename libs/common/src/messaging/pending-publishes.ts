import type { PublishOutcome } from './publish-outcome.js';

interface Pending {
  readonly deadline: number;
  readonly settle: (outcome: PublishOutcome) => void;
}

/** The publishes that wait for the broker's answer: bounded in time by one timer, whatever their number. */
export class PendingPublishes {
  /** In the order of their deadlines, since all wait equally long. */
  private readonly pending = new Map<string, Pending>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly timeoutMs: number) {}

  get size(): number {
    return this.pending.size;
  }

  add(tag: string): Promise<PublishOutcome> {
    return new Promise((settle) => {
      this.pending.set(tag, { deadline: Date.now() + this.timeoutMs, settle });
      this.timer ??= setTimeout(() => this.sweep(), this.timeoutMs);
    });
  }

  /** Later answers for the same tag change nothing: a return precedes its ack. */
  settle(tag: string, outcome: PublishOutcome): void {
    const pending = this.pending.get(tag);
    if (!pending) return;
    this.pending.delete(tag);
    if (this.pending.size === 0) this.stop();
    pending.settle(outcome);
  }

  settleAll(outcome: PublishOutcome): void {
    for (const tag of [...this.pending.keys()]) this.settle(tag, outcome);
  }

  private sweep(): void {
    this.timer = undefined;
    const now = Date.now();
    for (const [tag, { deadline }] of this.pending) {
      if (deadline > now) {
        this.timer = setTimeout(() => this.sweep(), deadline - now);
        return;
      }
      this.settle(tag, 'timed-out');
    }
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
