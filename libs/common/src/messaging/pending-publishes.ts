import type { PublishOutcome } from './publish-outcome.js';

interface Pending {
  /** On the monotonic clock: the wall clock may be set back. */
  readonly deadline: number;
  readonly settle: (outcome: PublishOutcome) => void;
}

/** The publishes that wait for the broker's answer: bounded in time by one timer, whatever their number. */
export class PendingPublishes {
  /** In the order of their deadlines, since all wait equally long. */
  private readonly pending = new Map<string, Pending>();
  private timer: NodeJS.Timeout | undefined;
  private idleWaiters: (() => void)[] = [];

  constructor(private readonly timeoutMs: number) {}

  add(tag: string): Promise<PublishOutcome> {
    return new Promise((settle) => {
      this.pending.set(tag, { deadline: performance.now() + this.timeoutMs, settle });
      this.timer ??= setTimeout(() => this.sweep(), this.timeoutMs);
    });
  }

  /** Later answers for the same tag change nothing: a return precedes its ack. */
  settle(tag: string, outcome: PublishOutcome): void {
    const pending = this.pending.get(tag);
    if (!pending) return;
    this.pending.delete(tag);
    pending.settle(outcome);
    if (this.pending.size === 0) this.stop();
  }

  settleAll(outcome: PublishOutcome): void {
    for (const tag of [...this.pending.keys()]) this.settle(tag, outcome);
  }

  /** Resolves when nothing waits: within the timeout, if nothing is added. */
  idle(): Promise<void> {
    return this.pending.size === 0 ? Promise.resolve() : new Promise((resolve) => this.idleWaiters.push(resolve));
  }

  private sweep(): void {
    this.timer = undefined;
    const now = performance.now();
    for (const [tag, { deadline }] of this.pending) {
      if (deadline > now) {
        this.timer = setTimeout(() => this.sweep(), Math.ceil(deadline - now));
        return;
      }
      this.settle(tag, 'timed-out');
    }
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const resolve of this.idleWaiters.splice(0)) resolve();
  }
}
