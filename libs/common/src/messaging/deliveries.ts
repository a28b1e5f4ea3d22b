import { RmqContext, type MessageHandler } from '@nestjs/microservices';
import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import { isObservable, lastValueFrom, type Observable } from 'rxjs';
import { setTimeout as sleep } from 'node:timers/promises';
import { copyOptions } from './delivery-headers.js';
import type { EventClient } from './event-client.js';
import { readEvent } from './read-event.js';
import type { Settlement } from './settlement.js';
import { deadQueueOf, parkedQueueOf, retryQueueOf } from './topology.js';

export interface DeliveriesOptions {
  readonly consumer: string;
  readonly handlerOf: (pattern: string) => MessageHandler | null;
  readonly copies: EventClient;
  /** Told of each settlement; `copied` is false where the copy could not be published and the delivery goes back. */
  readonly onSettled: (queue: string, message: ConsumeMessage, settlement: Settlement, copied: boolean) => void;
}

const REQUEUE_AFTER_MS = 1000;

/** The deliveries whose handlers are running, and how each of them is settled: once, on the channel that brought it. */
export class Deliveries {
  private readonly running = new Map<ConsumeMessage, { channel: ConfirmChannel; work: Promise<void> }>();
  private readonly draining = new AbortController();

  constructor(private readonly options: DeliveriesOptions) {}

  get size(): number {
    return this.running.size;
  }

  take(message: ConsumeMessage, queue: string, channel: ConfirmChannel): void {
    if (this.draining.signal.aborted) {
      requeue(message, channel);
      return;
    }
    const work = this.process(message, queue, channel).finally(() => this.running.delete(message));
    this.running.set(message, { channel, work });
  }

  /**
   * Call after the cancel. Waits for what is running, hands back what does not end in time, and acks the rest of the
   * channel in one stroke: single acks with a close behind them come back from a quorum queue.
   */
  async drain(channel: ConfirmChannel | undefined, milliseconds: number): Promise<void> {
    this.draining.abort();
    const all = Promise.all([...this.running.values()].map(({ work }) => work));
    const patience = new AbortController();
    await Promise.race([all, sleep(milliseconds, undefined, { signal: patience.signal }).catch(() => undefined)]);
    patience.abort();
    for (const [message, delivery] of this.running) requeue(message, delivery.channel);
    if (channel) onOpenChannel(() => channel.ackAll());
  }

  private async process(message: ConsumeMessage, queue: string, channel: ConfirmChannel): Promise<void> {
    const settlement = await this.decide(message, channel);
    const copied = settlement.kind === 'done' || (await this.copy(message, settlement, queue));
    this.options.onSettled(queue, message, settlement, copied);
    if (!copied) {
      await sleep(REQUEUE_AFTER_MS, undefined, { signal: this.draining.signal }).catch(() => undefined);
      requeue(message, channel);
    } else if (!this.draining.signal.aborted) {
      onOpenChannel(() => channel.ack(message));
    }
  }

  private async decide(message: ConsumeMessage, channel: ConfirmChannel): Promise<Settlement> {
    const reading = readEvent(message);
    if ('unreadable' in reading) return { kind: 'park', reason: reading.unreadable };
    const handler = this.options.handlerOf(reading.pattern);
    if (!handler) return { kind: 'park', reason: 'unknown-pattern' };
    try {
      const context = new RmqContext([message, channel, reading.pattern]);
      const result = (await handler(reading.data, context)) as Settlement | Observable<Settlement>;
      return isObservable(result) ? await lastValueFrom(result) : result;
    } catch (error) {
      // The interceptor turns what a handler throws into a settlement: only a guard or a filter gets here.
      return { kind: 'dead', reason: `refused before its handler: ${(error as Error)?.message ?? String(error)}` };
    }
  }

  /** On the publisher's connection: see EventServer. */
  private async copy(
    message: ConsumeMessage,
    settlement: Exclude<Settlement, { kind: 'done' }>,
    queue: string,
  ): Promise<boolean> {
    const { consumer, copies } = this.options;
    const outcome = await copies.put(
      consumer,
      copyKey(settlement, queue, consumer),
      message.content,
      copyOptions(message, settlement, queue),
    );
    return outcome === 'confirmed';
  }
}

function copyKey(settlement: Exclude<Settlement, { kind: 'done' }>, queue: string, consumer: string): string {
  switch (settlement.kind) {
    case 'retry':
      return retryQueueOf(queue, settlement.delayMs);
    case 'dead':
      return deadQueueOf(queue);
    case 'park':
      return parkedQueueOf(consumer);
  }
}

const requeue = (message: ConsumeMessage, channel: ConfirmChannel) =>
  onOpenChannel(() => channel.nack(message, false, true));

/** A channel that has gone settles nothing: the broker delivers again, and whoever handles it is prepared for that. */
function onOpenChannel(settle: () => void): void {
  try {
    settle();
  } catch (error) {
    if ((error as Error).name !== 'IllegalOperationError') throw error;
  }
}
