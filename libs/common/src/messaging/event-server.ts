import { Inject, Injectable } from '@nestjs/common';
import { ServerRMQ, type MessageHandler } from '@nestjs/microservices';
import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import { setTimeout as sleep } from 'node:timers/promises';
import { Metrics } from '../telemetry/metrics.js';
import { manageConnection, SoleChannel, within } from './connection.js';
import { Deliveries } from './deliveries.js';
import { EventClient } from './event-client.js';
import { lanesOf } from './lanes.js';
import { preflight } from './preflight.js';
import { RabbitSettings } from './rabbit.config.js';
import { RetryPolicies } from './retry-policies.js';
import type { Settlement } from './settlement.js';
import { Subscription } from './subscription.js';
import { declare, queueOf, type Consumer } from './topology.js';

export const CONSUMER_OPTIONS = Symbol('ConsumerOptions');

export interface ConsumerOptions {
  /** Name of the consumer: its exchange and the beginning of its queues' names. */
  readonly name: string;
  /** Deliveries of one lane under way at once, 1 to 2000 (what a quorum queue grants). */
  readonly prefetch: number;
  /** Consumers whose queues must exist for our events not to be returned. */
  readonly alsoDeclare: readonly Consumer[];
  /** How long `close()` waits for handlers that are running. Milliseconds. */
  readonly drainMs: number;
}

/** How long `listen()` waits for the first subscription where the preflight found a broker. */
const FIRST_SUBSCRIPTION_MS = 5000;
const DECLARE_AGAIN_MS = 1000;
/** A broker that is silent does not confirm a cancel. */
const CANCEL_MS = 2000;

/**
 * Takes events from this consumer's lanes, and is the only code that settles a delivery.
 *
 * 1. `listen()` declares the topology before anything else; a difference refuses the start. No broker: it listens later.
 * 2. Each connection: channel → declare → one subscription a lane. A channel error makes a new connection a second later.
 * 3. A delivery: read → its handler (contract, policy and interceptor from `@Handles`) → a Settlement.
 * 4. Retry, dead and parked copies go out on the publisher's connection, confirmed, before the original is acked: a memory
 *    alarm freezes a connection that publishes, acks included. No copy, no ack: the original is held until there is one.
 * 5. Any publish of this process that finds no queue makes it declare the topology again: queue and binding may be gone.
 * 6. `close()`: cancel → let running handlers end → one ack for all of them → close.
 */
@Injectable()
export class EventServer extends ServerRMQ {
  private readonly deliveries: Deliveries;
  private readonly handledTwice: string[] = [];
  private readonly pausedBy = new Set<string>();
  private topology: readonly Consumer[] = [];
  private subscription: Subscription | undefined;
  private closing = false;
  private declared: Promise<void> = Promise.resolve();
  private declareNotBefore = 0;
  private link: SoleChannel | undefined;
  private readonly settled;

  constructor(
    @Inject(CONSUMER_OPTIONS) private readonly consumer: ConsumerOptions,
    private readonly rabbit: RabbitSettings,
    private readonly copies: EventClient,
    private readonly policies: RetryPolicies,
    metrics: Metrics,
  ) {
    super({ urls: [...rabbit.urls], queue: consumer.name, noAck: false });
    this.deliveries = new Deliveries({
      consumer: consumer.name,
      copies,
      handlerOf: (pattern) => this.messageHandlers.get(pattern) ?? null, // Nest's own look-up parses each pattern as JSON
      declareAgain: () => this.declareAgain(),
      onSettled: (queue, message, settlement) => this.report(queue, message, settlement),
      onHeld: (queue, { properties }, outcome) => {
        this.logger.error({
          queue,
          messageId: properties.messageId as unknown,
          outcome,
          msg: 'no copy can be published; the event is held',
        });
      },
      onError: (error) => {
        this.logger.error(error);
      },
    });
    copies.whenReturned(() => void this.declareAgain());
    this.settled = metrics.counter('otpost_events_settled_total', 'Deliveries by queue and by how they were settled.', [
      'queue',
      'result',
    ]);
    const inFlight = metrics.gauge('otpost_events_in_flight', 'Deliveries whose handler is running.');
    Object.assign(inFlight, { collect: () => inFlight.set(this.deliveries.size) });
  }

  /** Why no events are taken at this moment, or undefined. */
  get trouble(): string | undefined {
    if (this.pausedBy.size > 0) return `paused: ${[...this.pausedBy].join(', ')}`;
    return this.subscription?.complete ? undefined : 'not subscribed';
  }

  override addHandler(
    pattern: string,
    callback: MessageHandler,
    isEventHandler?: boolean,
    extras?: Record<string, unknown>,
  ): void {
    if (this.messageHandlers.has(pattern)) this.handledTwice.push(pattern);
    super.addHandler(pattern, callback, isEventHandler, extras);
  }

  override async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      const own = { name: this.consumer.name, lanes: lanesOf(this.messageHandlers, this.handledTwice, this.policies) };
      this.topology = [own, ...this.consumer.alsoDeclare];
      const answered = await preflight(this.rabbit.urls, this.topology);
      await this.copies.connect(); // a handler's first outcome needs it
      const subscribed = this.begin();
      if (answered) await Promise.race([subscribed, sleep(FIRST_SUBSCRIPTION_MS, undefined, { ref: false })]);
      callback();
    } catch (error) {
      callback(error);
    }
  }

  /** Takes nothing more until every reason has been withdrawn; what is running goes on. */
  pause(reason: string): void {
    this.pausedBy.add(reason);
    this.follow();
  }

  resume(reason: string): void {
    if (this.pausedBy.delete(reason) && !this.closing) this.follow();
  }

  override async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    if (this.subscription) await within(CANCEL_MS, this.subscription.cancel());
    await this.deliveries.drain(this.consumer.drainMs);
    await this.link?.end();
  }

  private begin(): Promise<void> {
    const manager = manageConnection(this.rabbit.urls);
    this.link = new SoleChannel(manager, {
      who: 'consumer',
      logger: this.logger,
      setUp: (channel) => this.setUp(channel),
    });
    this.server = manager;
    this.channel = this.link.wrapper;
    return this.link.firstTry;
  }

  private async setUp(channel: ConfirmChannel): Promise<void> {
    channel.on('close', () => {
      if (this.subscription?.channel === channel) this.subscription = undefined;
      this.deliveries.lost(channel);
    });
    await declare(channel, this.topology);
    await channel.prefetch(this.consumer.prefetch);
    this.subscription = new Subscription({
      channel,
      consumer: this.consumer.name,
      queues: this.topology[0]!.lanes.map(({ name }) => queueOf(this.consumer.name, name)),
      declare: () => declare(channel, this.topology),
      onMessage: (message, queue, from) => this.deliveries.take(message, queue, from),
      onCancelled: (queue) => {
        this.logger.warn(`The broker cancelled the subscription of ${queue}; subscribing again`);
      },
    });
    if (this.pausedBy.size === 0 && !this.closing) await this.subscription.consume();
  }

  private follow(): void {
    const step = this.pausedBy.size > 0 ? this.subscription?.cancel() : this.subscription?.consume();
    step?.catch((error: Error) => {
      this.logger.warn(`Could not change the subscription; the channel will be made anew: ${error.message}`);
    });
  }

  /** Something has been deleted under us: a publish found no queue. Once a second at most, however many find that. */
  private declareAgain(): Promise<void> {
    const now = performance.now();
    if (now < this.declareNotBefore) return this.declared;
    this.declareNotBefore = now + DECLARE_AGAIN_MS;
    const channel = this.subscription?.channel;
    // A failure closes the channel, and the channel's own error makes a new connection.
    if (channel) this.declared = declare(channel, this.topology).catch(() => undefined);
    return this.declared;
  }

  private report(queue: string, { properties }: ConsumeMessage, settlement: Settlement): void {
    this.settled.inc({ queue, result: settlement.kind });
    if (settlement.kind === 'done') return;
    this.logger.warn({ queue, messageId: properties.messageId as unknown, ...settlement, msg: 'event not done' });
  }
}
