import type { Entry } from './backlog.js';

/** Whoever takes a queue's messages. */
export interface Consumer {
  readonly exclusive: boolean;
  /** Whether it takes one more now: prefetch, flow of its socket. */
  readonly ready: boolean;
  take(entry: Entry): void;
  /** The queue is gone. */
  cancelled(): void;
}

/** A queue's consumers. They share the work in turn, or with a single active one the others stand by. */
export class Consumers {
  private readonly list: Consumer[] = [];
  private nextTurn = 0;

  constructor(private readonly singleActive: boolean) {}

  get count(): number {
    return this.list.length;
  }
  get exclusive(): boolean {
    return this.list.some((consumer) => consumer.exclusive);
  }

  add(consumer: Consumer): void {
    this.list.push(consumer);
  }

  remove(consumer: Consumer): void {
    const at = this.list.indexOf(consumer);
    if (at >= 0) this.list.splice(at, 1);
  }

  nextReady(): Consumer | undefined {
    const candidates = Math.min(this.list.length, this.singleActive ? 1 : Infinity);
    for (let tried = 0; tried < candidates; tried++) {
      const at = (this.nextTurn + tried) % candidates;
      const consumer = this.list[at]!;
      if (!consumer.ready) continue;
      this.nextTurn = at + 1;
      return consumer;
    }
    return undefined;
  }

  cancelAll(): void {
    for (const consumer of this.list.splice(0)) consumer.cancelled();
  }
}
