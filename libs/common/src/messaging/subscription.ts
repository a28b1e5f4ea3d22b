import type { ConfirmChannel, ConsumeMessage } from 'amqplib';

export interface SubscriptionOptions {
  readonly channel: ConfirmChannel;
  readonly queues: readonly string[];
  readonly consumer: string;
  /** Declares the queues again before one that the broker took away is consumed again. */
  readonly declare: () => Promise<void>;
  readonly onMessage: (message: ConsumeMessage, queue: string, channel: ConfirmChannel) => void;
  /** The broker took a subscription away: the queue was deleted, or moved to another node. */
  readonly onCancelled: (queue: string) => void;
}

let subscriptions = 0;

/** The consumers of one channel, one a queue. Every consume has a fresh tag; steps follow one another, never overlap. */
export class Subscription {
  readonly channel: ConfirmChannel;
  private readonly tags = new Map<string, string>();
  private readonly consumed = new Set<string>();
  private wanted = false;
  private step: Promise<void> = Promise.resolve();

  constructor(private readonly options: SubscriptionOptions) {
    this.channel = options.channel;
  }

  /** The broker has confirmed a consumer for every queue. */
  get complete(): boolean {
    return this.consumed.size === this.options.queues.length;
  }

  /** @throws what the broker says; the channel is then closed. */
  consume(): Promise<void> {
    this.wanted = true;
    return this.next(() => this.consumeMissing());
  }

  /** Resolves when the broker delivers nothing more. */
  cancel(): Promise<void> {
    this.wanted = false;
    return this.next(async () => {
      for (const [queue, tag] of [...this.tags]) {
        await this.channel.cancel(tag);
        this.forget(queue);
      }
    });
  }

  private next(step: () => Promise<void>): Promise<void> {
    this.step = this.step.catch(() => undefined).then(step); // whoever asked for the failed step was told
    return this.step;
  }

  private async consumeMissing(): Promise<void> {
    for (const queue of this.options.queues) {
      if (!this.wanted || this.tags.has(queue)) continue;
      const tag = `${this.options.consumer}-${process.pid}-${++subscriptions}`;
      this.tags.set(queue, tag); // first: a delivery may precede the broker's confirmation
      await this.channel.consume(queue, (message) => this.onDelivery(message, queue, tag), { consumerTag: tag });
      if (this.tags.get(queue) === tag) this.consumed.add(queue);
    }
  }

  private onDelivery(message: ConsumeMessage | null, queue: string, tag: string): void {
    if (message) {
      this.options.onMessage(message, queue, this.channel);
      return;
    }
    if (this.tags.get(queue) !== tag) return;
    this.forget(queue);
    this.options.onCancelled(queue);
    // A failure closes the channel, and the channel's own error makes a new connection.
    this.next(async () => {
      await this.options.declare();
      await this.consumeMissing();
    }).catch(() => undefined);
  }

  private forget(queue: string): void {
    this.tags.delete(queue);
    this.consumed.delete(queue);
  }
}
