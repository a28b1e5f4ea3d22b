import { AmqpError } from './amqp-error.js';
import type { Entry } from './backlog.js';
import type { Queue } from './queue.js';

export interface Delivery {
  readonly entry: Entry;
  readonly queue: Queue;
  /** Frees the place it takes in its consumer's prefetch. */
  readonly settled: () => void;
}

/** What a channel has been given and has not settled, in the order of delivery. */
export class Deliveries {
  private lastTag = 0;
  private readonly open = new Map<number, Delivery>();

  nextTag(): number {
    return ++this.lastTag;
  }

  add(tag: number, delivery: Delivery): void {
    this.open.set(tag, delivery);
  }

  /** The deliveries that a tag settles; tag 0 with `multiple` is all of them. */
  settle(tag: number, multiple: boolean): Delivery[] {
    if (tag === 0 && multiple) return this.settleAll();
    const last = this.open.get(tag);
    if (!last) throw new AmqpError('PRECONDITION_FAILED', `unknown delivery tag ${tag}`);
    if (!multiple) {
      this.open.delete(tag);
      last.settled();
      return [last];
    }
    const settled: Delivery[] = [];
    for (const [each, delivery] of this.open) {
      if (each > tag) break;
      this.open.delete(each);
      delivery.settled();
      settled.push(delivery);
    }
    return settled;
  }

  settleAll(): Delivery[] {
    const all = [...this.open.values()];
    this.open.clear();
    for (const delivery of all) delivery.settled();
    return all;
  }
}

/** Gives deliveries back to the queues that they came from, each queue's in order. */
export function giveBack(deliveries: Delivery[], client: 'asked' | 'vanished'): void {
  const byQueue = new Map<Queue, Entry[]>();
  for (const { queue, entry } of deliveries) {
    const entries = byQueue.get(queue);
    if (entries) entries.push(entry);
    else byQueue.set(queue, [entry]);
  }
  for (const [queue, entries] of byQueue) queue.giveBack(entries, client);
}
