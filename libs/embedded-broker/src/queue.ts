import { Backlog, type Entry } from './backlog.js';
import { Consumers, type Consumer } from './consumers.js';
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

/**
 * A message's life in a queue.
 * 1. `publish` gives it to a consumer that is ready, puts it behind the others, or refuses it because the queue is full.
 * 2. `deliver` hands the head to the next consumer that is ready; `get` hands it to whoever asks.
 * 3. `acknowledge` forgets it; `giveBack` takes it in again.
 * 4. Rejected, expired, pushed out or returned too often it dies: it leaves for the dead-letter exchange.
 */
export class Queue {
  readonly consumers: Consumers;
  private readonly backlog = new Backlog();
  private readonly overflow: OverflowGuard;
  private readonly deadLetters: DeadLetters;
  private readonly headExpiry = new Wake(() => this.deliver());
  private readonly unused: Wake;
  unacked = 0;
  private deleted = false;

  /** `expired` hears that nobody used the queue for as long as its `x-expires` says. */
  constructor(
    readonly declaration: QueueDeclaration,
    forward: Forward,
    expired: (queue: Queue) => void,
  ) {
    const { settings, name } = declaration;
    this.consumers = new Consumers(settings.singleActiveConsumer);
    this.overflow = new OverflowGuard(settings, this.backlog);
    this.deadLetters = new DeadLetters(name, settings, forward);
    this.unused = new Wake(() => expired(this));
    this.used();
  }

  get name(): string {
    return this.declaration.name;
  }
  get messageCount(): number {
    return this.backlog.length;
  }

  /** Declared, asked or left: the time until an unused queue goes starts anew. */
  used(): void {
    const { expiresMs } = this.declaration.settings;
    if (expiresMs === undefined) return;
    this.unused.at(this.consumers.count > 0 ? Infinity : performance.now() + expiresMs);
  }

  /** False: the queue is full and refuses, which the publisher hears as a nack. */
  publish(message: Message): boolean {
    if (this.overflow.refuses(message, this.deadLetters.waiting)) {
      if (this.declaration.settings.overflow === 'reject-publish-dlx') this.deadLetters.add(message, 'maxlen');
      return false;
    }
    const entry = this.backlog.entryFor(message, this.expiryOf(message));
    const consumer = this.backlog.length === 0 ? this.consumers.nextReady() : undefined;
    if (consumer) this.hand(entry, consumer);
    else this.add(entry);
    return true;
  }

  addConsumer(consumer: Consumer): void {
    this.consumers.add(consumer);
    this.used();
    this.deliver();
  }

  removeConsumer(consumer: Consumer): void {
    this.consumers.remove(consumer);
    this.used();
    this.deliver();
  }

  /** For basic.get. Counts as unacked until it is settled. */
  get(): Entry | undefined {
    this.used();
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
    for (const entry of entries) this.takeBack(entry, client);
    this.deliver();
  }

  /** Hands out what it can; without a consumer it only lets the head expire. */
  deliver(): void {
    if (this.deleted) return;
    for (;;) {
      this.dropExpired();
      const consumer = this.backlog.length > 0 ? this.consumers.nextReady() : undefined;
      const entry = consumer && this.backlog.take();
      if (!consumer || !entry) break;
      this.hand(entry, consumer);
    }
    this.headExpiry.at(this.backlog.head?.expiresAt ?? Infinity);
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
    this.headExpiry.cancel();
    this.unused.cancel();
    this.deadLetters.stop();
    this.consumers.cancelAll();
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
}
