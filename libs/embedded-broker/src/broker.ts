import { AmqpError } from './amqp-error.js';
import { isCycle, type Forward } from './dead-letter.js';
import { assertSame, assertSameArguments } from './equivalence.js';
import { Exchange, EXCHANGE_TYPES, type ExchangeDeclaration } from './exchange.js';
import type { Message } from './message.js';
import { comparedArguments } from './queue-arguments.js';
import { Queue, type QueueDeclaration } from './queue.js';

export const nameOf = (kind: 'queue' | 'exchange', name: string) => `${kind} '${name}' in vhost '/'`;

/** The exchanges and queues of the one virtual host, and the way of a message between them. */
export class Broker {
  private readonly exchanges = new Map<string, Exchange>();
  private readonly queuesByName = new Map<string, Queue>();

  constructor() {
    for (const type of EXCHANGE_TYPES) {
      const declaration = { name: `amq.${type}`, type, durable: true, autoDelete: false, internal: false };
      this.exchanges.set(declaration.name, new Exchange({ ...declaration, arguments: new Map() }));
    }
  }

  get queues(): Iterable<Queue> {
    return this.queuesByName.values();
  }

  exchange(name: string): Exchange {
    const exchange = this.exchanges.get(name);
    if (!exchange) throw new AmqpError('NOT_FOUND', `no ${nameOf('exchange', name)}`);
    return exchange;
  }

  declareExchange(declaration: ExchangeDeclaration): void {
    const existing = this.exchanges.get(declaration.name);
    if (!existing) {
      this.exchanges.set(declaration.name, new Exchange(declaration));
      return;
    }
    const [what, current] = [nameOf('exchange', declaration.name), existing.declaration];
    assertSame(what, 'type', current.type, declaration.type);
    assertSame(what, 'durable', current.durable, declaration.durable);
    assertSame(what, 'auto_delete', current.autoDelete, declaration.autoDelete);
    assertSame(what, 'internal', current.internal, declaration.internal);
    assertSameArguments(what, ['alternate-exchange'], current.arguments, declaration.arguments);
  }

  hasExchange(name: string): boolean {
    return this.exchanges.has(name);
  }

  deleteExchange(name: string, ifUnused: boolean): void {
    if (ifUnused && this.exchanges.get(name)?.inUse) {
      throw new AmqpError('PRECONDITION_FAILED', `${nameOf('exchange', name)} in use`);
    }
    this.exchanges.delete(name);
  }

  /** The queue as this connection may use it: another's exclusive queue is locked. */
  queue(name: string, connection: object): Queue {
    const queue = this.queuesByName.get(name);
    if (!queue) throw new AmqpError('NOT_FOUND', `no ${nameOf('queue', name)}`);
    const { owner } = queue.declaration;
    if (owner && owner !== connection) throw locked(name);
    return queue;
  }

  declareQueue(declaration: QueueDeclaration): Queue {
    const existing = this.queuesByName.get(declaration.name);
    if (!existing) {
      const queue = new Queue(declaration, this.forward, (unused) => this.deleteQueue(unused));
      this.queuesByName.set(declaration.name, queue);
      return queue;
    }
    const [what, current] = [nameOf('queue', declaration.name), existing.declaration];
    if (current.owner !== declaration.owner) throw locked(declaration.name);
    assertSame(what, 'durable', current.durable, declaration.durable);
    assertSame(what, 'auto_delete', current.autoDelete, declaration.autoDelete);
    assertSameArguments(what, comparedArguments(current.settings), current.arguments, declaration.arguments);
    return existing;
  }

  has(queue: string): boolean {
    return this.queuesByName.has(queue);
  }

  deleteQueue(queue: Queue): number {
    if (!this.queuesByName.delete(queue.name)) return 0;
    for (const exchange of this.exchanges.values()) this.unbind(exchange, queue);
    return queue.delete();
  }

  /** An auto-delete exchange goes with its last binding. */
  unbind(exchange: Exchange, queue: Queue, key?: string): void {
    if (exchange.unbind(queue, key) && exchange.declaration.autoDelete && !exchange.inUse) {
      this.exchanges.delete(exchange.name);
    }
  }

  deleteQueuesOf(connection: object): void {
    for (const queue of this.queues) if (queue.declaration.owner === connection) this.deleteQueue(queue);
  }

  deleteAllQueues(): void {
    for (const queue of this.queues) this.deleteQueue(queue);
  }

  /** The queues that an exchange's bindings choose; throws NOT_FOUND if there is no such exchange. */
  route(exchangeName: string, routingKey: string): Set<Queue> {
    if (exchangeName === '') {
      const queue = this.queuesByName.get(routingKey);
      return new Set(queue ? [queue] : []);
    }
    return this.routeThrough(this.exchange(exchangeName), routingKey);
  }

  /** Each alternate exchange is asked once: they may name each other. */
  private routeThrough(exchange: Exchange, routingKey: string): Set<Queue> {
    const asked = new Set<Exchange>();
    for (let next: Exchange | undefined = exchange; next && !asked.has(next);) {
      const queues = next.route(routingKey);
      if (queues.size > 0 || next.alternate === undefined) return queues;
      asked.add(next);
      next = this.exchanges.get(next.alternate);
    }
    return new Set();
  }

  private readonly forward: Forward = (exchange, letter, reason, taken) => {
    if (exchange !== '' && !this.exchanges.has(exchange)) return { reached: 0, refused: 0 };
    const queues = [...this.route(exchange, letter.routingKey)].filter((queue) => !isCycle(letter, reason, queue.name));
    let refused = 0;
    for (const queue of queues) {
      if (taken.has(queue.name)) continue;
      if (queue.publish(letter)) taken.add(queue.name);
      else refused++;
    }
    return { reached: queues.length, refused };
  };
}

const locked = (name: string) =>
  new AmqpError(
    'RESOURCE_LOCKED',
    `cannot obtain exclusive access to locked ${nameOf('queue', name)}. It could be originally declared on another connection or the exclusive property value does not match that of the original declaration.`,
  );

/** False if a queue refused the message; undefined if no queue was reached. */
export function publishTo(queues: Set<Queue>, message: Message): boolean | undefined {
  if (queues.size === 0) return undefined;
  let accepted = true;
  for (const queue of queues) accepted = queue.publish(message) && accepted;
  return accepted;
}
