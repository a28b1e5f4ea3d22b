import type { Broker } from './broker.js';
import { Confirms } from './confirms.js';
import type { Content } from './content.js';
import { Deliveries, giveBack } from './deliveries.js';
import type { Args, MethodName } from './methods.js';
import type { Outgoing } from './outgoing.js';
import type { Queue } from './queue.js';

/** What a channel needs of its connection. */
export interface Link {
  readonly broker: Broker;
  readonly user: string;
  /** The client wants to hear when a queue that it consumes is deleted. */
  readonly cancelNotify: boolean;
  readonly outgoing: Outgoing;
  /** A message is about to come: under an alarm nothing more is read, the message's own frames included. */
  publishing(): void;
}

export interface OpenConsumer {
  readonly queue: Queue;
  /** Takes nothing more; what it has stays unsettled. */
  stop(): void;
  /** Leaves its queue; an auto-delete queue goes with the last consumer. */
  leave(): void;
}

/** One session in a connection: its consumers, its unsettled deliveries, its confirms. */
export class Channel {
  readonly consumers = new Map<string, OpenConsumer>();
  readonly deliveries = new Deliveries();
  /** Set by confirm.select. */
  confirms?: Confirms;
  /** For consumers to come; 0 is no limit. */
  consumerPrefetch = 0;
  /** For all consumers together; 0 is no limit. */
  channelPrefetch = 0;
  /** Delivered to consumers and not settled; what was got does not count. */
  unacked = 0;
  /** What an empty queue name means. */
  lastQueue = '';
  /** The message whose method has come and whose header and body have not. */
  content?: Content;

  constructor(
    readonly number: number,
    readonly link: Link,
  ) {}

  get broker(): Broker {
    return this.link.broker;
  }

  get hasRoom(): boolean {
    return this.channelPrefetch === 0 || this.unacked < this.channelPrefetch;
  }

  send<N extends MethodName>(name: N, args: Args<N>): void {
    this.link.outgoing.send(this.number, name, args);
  }

  sendContent<N extends MethodName>(name: N, args: Args<N>, content: { properties: Buffer; body: Buffer }): void {
    this.link.outgoing.sendContent(this.number, name, args, content);
  }

  /** Answers unless the client said that it does not wait. */
  reply<N extends MethodName>(noWait: boolean, name: N, args: Args<N>): void {
    if (!noWait) this.send(name, args);
  }

  confirm(accepted: boolean): void {
    if (!this.confirms) return;
    this.confirms.add(accepted);
    this.link.outgoing.confirmLater(this);
  }

  flushConfirms(): void {
    this.confirms?.flush((accepted, deliveryTag, multiple) => {
      if (accepted) this.send('basic.ack', { deliveryTag, multiple });
      else this.send('basic.nack', { deliveryTag, multiple, requeue: false });
    });
  }

  /** Lets the queues deliver again after room was made. */
  wake(): void {
    for (const consumer of this.consumers.values()) consumer.queue.deliver();
  }

  /** Ends it however it ends: what was not settled goes back. */
  end(): void {
    this.flushConfirms();
    const consumers = [...this.consumers.values()];
    for (const consumer of consumers) consumer.stop();
    giveBack(this.deliveries.settleAll(), 'vanished');
    for (const consumer of consumers) consumer.leave();
  }
}
