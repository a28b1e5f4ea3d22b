import { RmqContext, type MessageHandler } from '@nestjs/microservices';
import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import { isObservable, lastValueFrom, type Observable } from 'rxjs';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { within } from './connection.js';
import { bareCopyOptions, copyOptions } from './delivery-headers.js';
import type { EventClient } from './event-client.js';
import type { PublishOutcome } from './publish-outcome.js';
import { readEvent } from './read-event.js';
import type { Settlement } from './settlement.js';
import { deadQueueOf, parkedQueueOf, retryQueueOf } from './topology.js';

export interface DeliveriesOptions {
  readonly consumer: string;
  readonly handlerOf: (pattern: string) => MessageHandler | null;
  readonly copies: EventClient;
  /** Declares the queues again: one of them is gone when a copy is returned. */
  readonly declareAgain: () => Promise<void>;
  /** Told of each settlement, before a copy is tried. */
  readonly onSettled: (queue: string, message: ConsumeMessage, settlement: Settlement) => void;
  /** Told once of each delivery whose copy cannot be published at this moment. */
  readonly onHeld: (queue: string, message: ConsumeMessage, outcome: PublishOutcome) => void;
  /** What nothing else foresaw. */
  readonly onError: (error: unknown) => void;
}

interface Delivery {
  readonly message: ConsumeMessage;
  readonly queue: string;
  readonly channel: ConfirmChannel;
}
type Copied = Exclude<Settlement, { kind: 'done' }>;

const TRY_COPY_AGAIN_MS = 1000;

/** The deliveries whose handlers are running, and how each of them is settled: once, on the channel that brought it. */
export class Deliveries {
  /** What is not here any more is the broker's again: handed back, or lost with its channel. */
  private readonly running = new Map<Delivery, Promise<void>>();
  private readonly draining = new AbortController();
  /** The latest of those that were handled during the drain, and are not acked yet. */
  private lastHandled: Delivery | undefined;

  constructor(private readonly options: DeliveriesOptions) {
    setMaxListeners(0, this.draining.signal); // one for each delivery that waits
  }

  get size(): number {
    return this.running.size;
  }

  take(message: ConsumeMessage, queue: string, channel: ConfirmChannel): void {
    const delivery = { message, queue, channel };
    if (this.draining.signal.aborted) {
      requeue(delivery);
      return;
    }
    const work = this.process(delivery).catch(async (error: unknown) => {
      this.options.onError(error);
      await this.pause();
      if (this.running.has(delivery)) requeue(delivery);
    });
    this.running.set(
      delivery,
      work.finally(() => this.running.delete(delivery)),
    );
  }

  /** The channel has gone, and the broker delivers again what it had brought. */
  lost(channel: ConfirmChannel): void {
    for (const delivery of this.running.keys()) if (delivery.channel === channel) this.running.delete(delivery);
    if (this.lastHandled?.channel === channel) this.lastHandled = undefined;
  }

  /**
   * Call after the cancel. Waits for what is running, hands back what does not end in time, and acks in one stroke what has
   * ended: single acks with a close behind them come back from a quorum queue. Up to the latest that was handled, and no
   * further: a broker that has not confirmed the cancel may have delivered what never arrived here.
   */
  async drain(milliseconds: number): Promise<void> {
    this.draining.abort();
    await within(milliseconds, Promise.all(this.running.values()));
    for (const delivery of this.running.keys()) requeue(delivery);
    this.running.clear();
    const last = this.lastHandled;
    if (last) onOpenChannel(() => last.channel.ack(last.message, true));
  }

  private async process(delivery: Delivery): Promise<void> {
    const settlement = await this.decide(delivery);
    if (!this.running.has(delivery)) return;
    this.options.onSettled(delivery.queue, delivery.message, settlement);
    if (settlement.kind !== 'done' && !(await this.copy(delivery, settlement))) return;
    if (!this.running.has(delivery)) return;
    if (this.draining.signal.aborted) this.leaveToDrain(delivery);
    else onOpenChannel(() => delivery.channel.ack(delivery.message));
  }

  private leaveToDrain(delivery: Delivery): void {
    const { deliveryTag } = delivery.message.fields;
    if (deliveryTag > (this.lastHandled?.message.fields.deliveryTag ?? 0)) this.lastHandled = delivery;
  }

  private async decide({ message, channel }: Delivery): Promise<Settlement> {
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

  /**
   * On the publisher's connection: see EventServer. The handler is not asked again while the copy cannot be published: the
   * delivery is held, which holds the queue back too. False where the delivery went back to the broker instead.
   */
  private async copy(delivery: Delivery, settlement: Copied): Promise<boolean> {
    for (let tries = 0; this.running.has(delivery); tries++) {
      const outcome = await this.publishCopy(delivery, settlement);
      if (outcome === 'confirmed') return true;
      if (tries === 0) this.options.onHeld(delivery.queue, delivery.message, outcome);
      if (this.draining.signal.aborted) {
        requeue(delivery);
        return false;
      }
      if (outcome === 'returned') await this.options.declareAgain();
      await this.pause();
    }
    return false;
  }

  private async publishCopy({ message, queue }: Delivery, settlement: Copied): Promise<PublishOutcome> {
    const { consumer, copies } = this.options;
    try {
      const options = copyOptions(message, settlement, queue);
      return await copies.put(consumer, copyKey(settlement, queue, consumer), message.content, options);
    } catch (error) {
      // Properties that came in but do not go out again, such as text that is not UTF-8: the message is parked without them.
      const reason = `unwritable-properties: ${(error as Error).message}`;
      return copies.put(consumer, parkedQueueOf(consumer), message.content, bareCopyOptions(message, reason, queue));
    }
  }

  /** Ends at once when the drain begins. */
  private pause(): Promise<void> {
    return sleep(TRY_COPY_AGAIN_MS, undefined, { signal: this.draining.signal }).catch(() => undefined);
  }
}

function copyKey(settlement: Copied, queue: string, consumer: string): string {
  switch (settlement.kind) {
    case 'retry':
      return retryQueueOf(queue, settlement.delayMs);
    case 'dead':
      return deadQueueOf(queue);
    case 'park':
      return parkedQueueOf(consumer);
  }
}

const requeue = ({ message, channel }: Delivery) => onOpenChannel(() => channel.nack(message, false, true));

/** A channel that has gone settles nothing: the broker delivers again, and whoever handles it is prepared for that. */
function onOpenChannel(settle: () => void): void {
  try {
    settle();
  } catch (error) {
    if ((error as Error).name !== 'IllegalOperationError') throw error;
  }
}
