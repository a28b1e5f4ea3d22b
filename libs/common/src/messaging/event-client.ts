import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ClientRMQ, type ReadPacket } from '@nestjs/microservices';
import type { ConfirmChannel, Message, Options } from 'amqplib';
import { manageConnection, SoleChannel } from './connection.js';
import { PendingPublishes } from './pending-publishes.js';
import type { PublishOutcome } from './publish-outcome.js';
import { RabbitSettings } from './rabbit.config.js';
import { Refusals } from './refusals.js';
import { EXCHANGE } from './topology.js';

/** More unanswered publishes than this wait for nothing good: the broker is not keeping up. */
const MAX_IN_FLIGHT = 4096;

/**
 * Nest's RMQ client with an answer for every publish. It publishes on the raw confirm channel: nothing is buffered while
 * the broker is away and nothing is published twice behind the caller's back.
 *
 * 1. `connect()` begins once and the connection manager reconnects for ever (the stock client gives up after one try).
 * 2. `setUp()` runs for each connection; only while its channel stands is anything written.
 * 3. Every publish is mandatory and confirmed; a return precedes its ack and wins over it.
 * 4. A closed channel settles what was written as `cut-off`; the timeout settles it as `timed-out`.
 * 5. A route that has been refused for long is tried on another connection: see Refusals.
 */
@Injectable()
export class EventClient extends ClientRMQ implements OnApplicationBootstrap, OnApplicationShutdown {
  private writable: ConfirmChannel | undefined;
  private blocked = false;
  private closing = false;
  private link: SoleChannel | undefined;
  private published = 0;
  /** Written and neither confirmed nor refused, those we no longer wait for included. */
  private unanswered = 0;
  private readonly pending: PendingPublishes;
  private readonly refusals = new Refusals();
  private readonly returnListeners: (() => void)[] = [];

  constructor(private readonly settings: RabbitSettings) {
    super({
      urls: [...settings.urls],
      queue: EXCHANGE,
      exchange: EXCHANGE,
      exchangeType: 'topic',
      wildcards: true,
    });
    this.pending = new PendingPublishes(settings.publishTimeoutSeconds * 1000);
  }

  /** Why nothing can be published at this moment, or undefined. */
  get trouble(): 'disconnected' | 'blocked' | undefined {
    return this.writable ? (this.blocked ? 'blocked' : undefined) : 'disconnected';
  }

  /**
   * One persistent, mandatory, confirmed publish. Never throws for what the broker does.
   * @throws TypeError, RangeError for properties that AMQP cannot carry: nothing was written.
   */
  async put(exchange: string, key: string, content: Buffer, options: Options.Publish): Promise<PublishOutcome> {
    const channel = this.writable;
    if (!channel) return 'disconnected';
    if (this.blocked) return 'blocked';
    if (this.unanswered >= MAX_IN_FLIGHT) return 'full';
    const tag = String(++this.published);
    const outcome = this.pending.add(tag);
    const headers = { ...(options.headers as object | undefined), 'x-publish': tag };
    try {
      channel.publish(exchange, key, content, { ...options, headers, persistent: true, mandatory: true }, (error) => {
        this.unanswered--;
        this.pending.settle(tag, outcomeOf(error as Error | null));
      });
      this.unanswered++;
    } catch (error) {
      // Nothing was written: the channel went away between its event and ours, or the properties are at fault.
      this.pending.settle(tag, 'disconnected');
      if ((error as Error).name !== 'IllegalOperationError') throw error;
    }
    if (this.refusals.heard(`${exchange} ${key}`, await outcome, performance.now()))
      this.link?.renew(`RabbitMQ has refused every '${key}' for a while`);
    return outcome;
  }

  /** Told of each publish that found no queue. */
  whenReturned(listener: () => void): void {
    this.returnListeners.push(listener);
  }

  /** `emit()` keeps working for those who use Nest's client; it fails where the event is not confirmed. */
  protected override async dispatchEvent({ pattern, data }: ReadPacket): Promise<void> {
    const content = Buffer.from(JSON.stringify({ pattern: String(pattern), data: data as unknown }));
    const outcome = await this.put(EXCHANGE, String(pattern), content, {
      contentType: 'application/json',
      type: String(pattern),
    });
    if (outcome !== 'confirmed') throw new Error(`The event was not published: ${outcome}`);
  }

  onApplicationBootstrap(): Promise<void> {
    return this.connect();
  }

  /** Resolves when the first try has come to an end, good or bad; `trouble` says which. */
  override connect(): Promise<void> {
    this.link ??= this.begin();
    return this.link.firstTry;
  }

  private begin(): SoleChannel {
    const manager = manageConnection(this.settings.urls);
    manager.on('disconnect', () => (this.blocked = false));
    manager.on('unblocked', () => (this.blocked = false));
    manager.on('blocked', ({ reason }) => {
      this.blocked = true;
      this.logger.warn(`RabbitMQ takes no publishes: ${reason}`);
    });
    const link = new SoleChannel(manager, {
      who: 'publisher',
      logger: this.logger,
      setUp: (channel) => this.setUp(channel),
    });
    this.client = manager;
    this.channel = link.wrapper;
    return link;
  }

  private async setUp(channel: ConfirmChannel): Promise<void> {
    channel.on('return', ({ properties }: Message) => {
      this.pending.settle(String(properties.headers?.['x-publish']), 'returned');
      for (const listener of this.returnListeners) listener();
    });
    channel.on('close', () => this.onChannelClosed(channel));
    await channel.assertExchange(EXCHANGE, 'topic', { durable: true });
    this.writable = channel;
  }

  private onChannelClosed(channel: ConfirmChannel): void {
    if (this.writable === channel) this.writable = undefined;
    this.pending.settleAll('cut-off');
  }

  /** Waits for the answers under way, which the publish timeout bounds, then closes. */
  override async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    this.writable = undefined;
    await this.pending.idle();
    await this.link?.end();
  }

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }
}

/** amqplib answers a closing channel's publishes with an error as well. */
const outcomeOf = (error: Error | null): PublishOutcome =>
  error === null ? 'confirmed' : error.message === 'message nacked' ? 'nacked' : 'cut-off';
