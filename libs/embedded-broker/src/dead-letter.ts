import { integerOf, longField, textField, textOf, type Field, type Table } from './field-table.js';
import type { Message } from './message.js';
import { decodeProperties, encodeProperties, type Properties } from './properties.js';
import type { QueueArguments } from './queue-arguments.js';
import { Wake } from './wake.js';

export type DeadLetterReason = 'rejected' | 'expired' | 'maxlen' | 'delivery_limit';

/**
 * Routes a dead letter through an exchange. `refused` names queues that were reached and are full; `routed` is false if
 * there is no such exchange or nobody is bound. Queues in `skip` already have it.
 */
export type Forward = (
  exchange: string,
  letter: Message,
  reason: DeadLetterReason,
  taken: Set<string>,
) => { reached: number; refused: number };

/** RabbitMQ asks a full or missing target again after three minutes; here nothing is lost by asking sooner. */
const RETRY_MS = 1000;

interface Letter {
  readonly message: Message;
  readonly reason: DeadLetterReason;
  readonly taken: Set<string>;
}

/** A queue's way out for dead messages: sent at once and forgotten, or with at-least-once kept until a queue has them. */
export class DeadLetters {
  private letters: Letter[] = [];
  private readonly retry = new Wake(() => this.sendAgain());

  constructor(
    private readonly queue: string,
    private readonly settings: QueueArguments,
    private readonly forward: Forward,
  ) {}

  /** How many are kept. */
  get waiting(): number {
    return this.letters.length;
  }

  add(message: Message, reason: DeadLetterReason): void {
    const { deadLetterExchange, deadLetterRoutingKey, atLeastOnce } = this.settings;
    if (deadLetterExchange === undefined) return;
    const dead = deadLetter(message, {
      queue: this.queue,
      reason,
      exchange: deadLetterExchange,
      routingKey: deadLetterRoutingKey,
    });
    const letter = { message: dead, reason, taken: new Set<string>() };
    if (this.send(letter) || !atLeastOnce) return;
    this.letters.push(letter);
    this.retry.at(performance.now() + RETRY_MS);
  }

  stop(): void {
    this.retry.cancel();
    this.letters = [];
  }

  private sendAgain(): void {
    const waiting = this.letters;
    this.letters = [];
    const left = waiting.filter((letter) => !this.send(letter));
    this.letters = [...left, ...this.letters];
    if (this.letters.length > 0) this.retry.at(performance.now() + RETRY_MS);
  }

  private send({ message, reason, taken }: Letter): boolean {
    const { reached, refused } = this.forward(message.exchange, message, reason, taken);
    return reached > 0 && refused === 0;
  }
}

/** The copy that leaves: its history in `x-death`, its own time to live removed, as RabbitMQ does it. */
export function deadLetter(
  message: Message,
  death: { queue: string; reason: DeadLetterReason; exchange: string; routingKey?: string },
): Message {
  const properties = decodeProperties(message.properties);
  const headers = withDeath(properties, message, death.queue, death.reason);
  return {
    exchange: death.exchange,
    routingKey: death.routingKey ?? message.routingKey,
    properties: encodeProperties({ ...properties, headers, expiration: undefined }),
    body: message.body,
  };
}

function withDeath(properties: Properties, message: Message, queue: string, reason: DeadLetterReason): Table {
  const headers: Table = new Map(properties.headers);
  const deaths = deathsOf(headers);
  const earlier = deaths.find((death) => is(death, 'queue', queue) && is(death, 'reason', reason));
  const latest = earlier ? counted(earlier) : newDeath(properties, message, queue, reason);
  const all = [latest, ...deaths.filter((death) => death !== earlier)];
  if (!headers.has('x-death')) {
    headers.set('x-first-death-exchange', textField(message.exchange));
    headers.set('x-first-death-queue', textField(queue));
    headers.set('x-first-death-reason', textField(reason));
  }
  return headers.set('x-death', { type: 'A', value: all.map((value): Field => ({ type: 'F', value })) });
}

function newDeath({ expiration }: Properties, message: Message, queue: string, reason: DeadLetterReason): Table {
  const death: Table = new Map<string, Field>([
    ['count', longField(1)],
    ['reason', textField(reason)],
    ['queue', textField(queue)],
    ['time', { type: 'T', value: BigInt(Math.floor(Date.now() / 1000)) }],
    ['exchange', textField(message.exchange)],
    ['routing-keys', { type: 'A', value: [textField(message.routingKey)] }],
  ]);
  if (expiration !== undefined) death.set('original-expiration', textField(expiration));
  return death;
}

const counted = (death: Table): Table =>
  new Map(death).set('count', longField((integerOf(death.get('count')) ?? 0) + 1));

const is = (death: Table, name: string, value: string) => textOf(death.get(name)) === value;

function deathsOf(headers: Table | undefined): Table[] {
  const field = headers?.get('x-death');
  if (field?.type !== 'A') return [];
  return field.value.flatMap((death) => (death.type === 'F' ? [death.value] : []));
}

/**
 * Whether this letter would come back to a queue where it died before with no client's reject since: nobody could ever
 * stop such a circle, so RabbitMQ drops the message.
 */
export function isCycle(letter: Message, reason: DeadLetterReason, queue: string): boolean {
  if (reason === 'rejected') return false;
  const deaths = deathsOf(decodeProperties(letter.properties).headers);
  const last = deaths.findIndex((death) => is(death, 'queue', queue));
  return last >= 0 && !deaths.slice(0, last + 1).some((death) => is(death, 'reason', 'rejected'));
}
