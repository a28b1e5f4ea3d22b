import { Backlog, type Entry } from './backlog.js';
import { DeadLetters, type DeadLetterReason, type Forward } from './dead-letter.js';
import type { Table } from './field-table.js';
import type { Message } from './message.js';
import { OverflowGuard } from './overflow.js';
import type { QueueArguments } from './queue-arguments.js';
import { Wake } from './wake.js';

export interface QueueDeclaration {
  readonly name: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  /** The connection that alone may use the queue, and whose end is the queue's. */
  readonly owner?: object;
  readonly arguments: Table;
  readonly settings: QueueArguments;
}

/** Whoever takes a queue's messages. */
export interface Consumer {
  readonly exclusive: boolean;
  /** Whether it takes one more now: prefetch, flow of its socket. */
  readonly ready: boolean;
  take(entry: Entry): void;
  /** The queue is gone. */
  cancelled(): void;
}

/**
 * A message's life in a queue: publish puts it behind the others or refuses it when the queue is full; deliver hands the
 * head to the next consumer that is ready; then it is forgotten (`acknowledge`), comes back (`giveBack`), or dies
 * (rejected, expired, pushed out, returned too often) and goes to the dead-letter exchange.
 */
export class Queue {
  private readonly backlog = new Backlog();
  private readonly overflow: OverflowGuard;
  private readonly deadLetters: DeadLetters;
  private readonly consumers: Consumer[] = [];
  private nextConsumer = 0;
  private readonly expiry = new Wake(() => this.deliver());
  unacked = 0;
  deleted = false;

  constructor(
    readonly declaration: QueueDeclaration,
    forward: Forward,
  ) {
    this.overflow = new OverflowGuard(declaration.settings, this.backlog);
    this.deadLetters = new DeadLetters(declaration.name, declaration.settings, forward);
  }

  get name(): string {
    return this.declaration.name;
  }
  get messageCount(): number {
    return this.backlog.length;
  }
  get consumerCount(): number {
    return this.consumers.length;
  }
  get exclusivelyConsumed(): boolean {
    return this.consumers.some((consumer) => consumer.exclusive);
  }

  /** False: the queue is full and refuses, which the publisher hears as a nack. */
  publish(message: Message): boolean {
    if (this.overflow.refuses(message, this.deadLetters.waiting)) {
      if (this.declaration.settings.overflow === 'reject-publish-dlx') this.deadLetters.add(message, 'maxlen');
      return false;
    }
    const entry = this.backlog.entryFor(message, this.expiryOf(message));
    const consumer = this.backlog.length === 0 ? this.readyConsumer() : undefined;
    if (consumer) this.hand(entry, consumer);
    else this.add(entry);
    return true;
  }

  addConsumer(consumer: Consumer): void {
    this.consumers.push(consumer);
    this.deliver();
  }

  removeConsumer(consumer: Consumer): void {
    const at = this.consumers.indexOf(consumer);
    if (at >= 0) this.consumers.splice(at, 1);
    this.deliver();
  }

  /** For basic.get. Counts as unacked until it is settled. */
  get(): Entry | undefined {
    this.dropExpired();
    const entry = this.backlog.take();
    if (entry) this.unacked++;
    return entry;
  }

  acknowledge(): void {
    this.unacked--;
  }

  /** The client refused it for good. */
  reject(entry: Entry): void {
    this.unacked--;
    this.die(entry, 'rejected');
  }

  /** Messages come back in the order in which they were delivered. */
  giveBack(entries: Entry[], client: 'asked' | 'vanished'): void {
    this.unacked -= entries.length;
    if (this.deleted) return;
    for (const entry of entries) this.takeBack(entry, client);
    this.deliver();
  }

  /** Hands out what it can; without a consumer it only lets the head expire. */
  deliver(): void {
    if (this.deleted) return;
    for (;;) {
      this.dropExpired();
      const consumer = this.backlog.length > 0 ? this.readyConsumer() : undefined;
      const entry = consumer && this.backlog.take();
      if (!consumer || !entry) break;
      this.hand(entry, consumer);
    }
    this.expiry.at(this.backlog.head?.expiresAt ?? Infinity);
  }

  purge(): number {
    const count = this.backlog.length;
    while (this.backlog.take());
    this.deliver();
    return count;
  }

  /** Says goodbye to its consumers; returns how many messages went with it. */
  delete(): number {
    this.deleted = true;
    this.expiry.cancel();
    this.deadLetters.stop();
    for (const consumer of this.consumers.splice(0)) consumer.cancelled();
    return this.backlog.length;
  }

  private hand(entry: Entry, consumer: Consumer): void {
    this.unacked++;
    consumer.take(entry);
  }

  private add(entry: Entry): void {
    this.backlog.add(entry);
    this.deliver();
    for (let out = this.overflow.pushesOut(); out; out = this.overflow.pushesOut()) this.die(out, 'maxlen');
  }

  private takeBack(entry: Entry, client: 'asked' | 'vanished'): void {
    const { quorum, deliveryLimit } = this.declaration.settings;
    entry.returns++;
    if (!quorum) return this.backlog.returnToPlace(entry);
    if (deliveryLimit !== undefined && entry.returns > deliveryLimit) return this.die(entry, 'delivery_limit');
    if (deliveryLimit === undefined && client === 'asked') return this.backlog.returnToTail(entry);
    this.backlog.returnToFront(entry);
  }

  private dropExpired(): void {
    const now = performance.now();
    for (let head = this.backlog.head; head && head.expiresAt <= now; head = this.backlog.head) {
      this.backlog.take();
      this.die(head, 'expired');
    }
  }

  private die(entry: Entry, reason: DeadLetterReason): void {
    if (!this.deleted) this.deadLetters.add(entry.message, reason);
  }

  /** The smaller of the queue's and the message's time to live. */
  private expiryOf(message: Message): number {
    const ttl = Math.min(this.declaration.settings.messageTtlMs ?? Infinity, message.expiration ?? Infinity);
    return ttl === Infinity ? Infinity : performance.now() + ttl;
  }

  /** In turn, so that consumers share the work. */
  private readyConsumer(): Consumer | undefined {
    const candidates = this.declaration.settings.singleActiveConsumer ? 1 : this.consumers.length;
    for (let tried = 0; tried < Math.min(candidates, this.consumers.length); tried++) {
      const at = (this.nextConsumer + tried) % candidates;
      const consumer = this.consumers[at]!;
      if (!consumer.ready) continue;
      this.nextConsumer = at + 1;
      return consumer;
    }
    return undefined;
  }
}
