import { AmqpError } from './amqp-error.js';
import { typeName } from './equivalence.js';
import { integerOf, textOf, type Field, type Table } from './field-table.js';
import { MAX_TTL_MS } from './message.js';

/** What a queue's arguments ask for. */
export interface QueueArguments {
  readonly quorum: boolean;
  readonly messageTtlMs?: number;
  readonly expiresMs?: number;
  readonly maxLength?: number;
  readonly maxLengthBytes?: number;
  readonly overflow: 'drop-head' | 'reject-publish' | 'reject-publish-dlx';
  readonly deadLetterExchange?: string;
  readonly deadLetterRoutingKey?: string;
  /** The queue keeps a dead letter until a queue behind the exchange has taken it. */
  readonly atLeastOnce: boolean;
  /** How often a message may come back before it is dead. */
  readonly deliveryLimit?: number;
  readonly singleActiveConsumer: boolean;
}

/** The arguments that make two declarations differ, in the order in which RabbitMQ 3.10 compares them. */
const COMPARED = {
  classic: [
    'x-expires',
    'x-message-ttl',
    'x-dead-letter-exchange',
    'x-dead-letter-routing-key',
    'x-max-length',
    'x-max-length-bytes',
    'x-overflow',
    'x-queue-mode',
    'x-single-active-consumer',
    'x-queue-type',
  ],
  quorum: [
    'x-dead-letter-exchange',
    'x-dead-letter-routing-key',
    'x-dead-letter-strategy',
    'x-expires',
    'x-max-length',
    'x-max-length-bytes',
    'x-overflow',
    'x-single-active-consumer',
    'x-queue-type',
    'x-delivery-limit',
    'x-message-ttl',
  ],
};

export const comparedArguments = ({ quorum }: QueueArguments) => COMPARED[quorum ? 'quorum' : 'classic'];

const CLASSIC_ONLY = ['x-max-priority', 'x-queue-mode'];
const QUORUM_ONLY = ['x-delivery-limit', 'x-dead-letter-strategy'];

/** Throws RabbitMQ's sentence for an argument it would refuse; `what` is `queue 'q' in vhost '/'`. */
export function readQueueArguments(what: string, table: Table): QueueArguments {
  const quorum = queueType(what, table) === 'quorum';
  refuseForeign(what, table, quorum);
  const integer = (name: string, least = 0) => boundedInteger(what, name, table.get(name), least);
  const text = (name: string) => longString(what, name, table.get(name));
  const choice = <T extends string>(name: string, allowed: readonly T[], why: string) =>
    oneOf(what, name, text(name), allowed, why);

  const deadLetterExchange = text('x-dead-letter-exchange');
  const deadLetterRoutingKey = text('x-dead-letter-routing-key');
  if (deadLetterRoutingKey !== undefined && deadLetterExchange === undefined) {
    throw invalid(what, 'x-dead-letter-routing-key', 'routing_key_but_no_dlx_defined');
  }
  if (table.has('x-max-priority')) throw new AmqpError('NOT_IMPLEMENTED', `x-max-priority for ${what}`);
  const overflow =
    choice('x-overflow', ['drop-head', 'reject-publish', 'reject-publish-dlx'], 'invalid_overflow') ?? 'drop-head';
  const strategy = choice('x-dead-letter-strategy', ['at-most-once', 'at-least-once'], 'invalid_dlx_strategy');
  return {
    quorum,
    messageTtlMs: integer('x-message-ttl'),
    expiresMs: integer('x-expires', 1),
    maxLength: integer('x-max-length'),
    maxLengthBytes: integer('x-max-length-bytes'),
    overflow,
    deadLetterExchange,
    deadLetterRoutingKey,
    atLeastOnce: strategy === 'at-least-once' && overflow === 'reject-publish' && deadLetterExchange !== undefined,
    deliveryLimit: integerOf(table.get('x-delivery-limit')),
    singleActiveConsumer: table.get('x-single-active-consumer')?.value === true,
  };
}

function queueType(what: string, table: Table): 'classic' | 'quorum' {
  const field = table.get('x-queue-type');
  if (!field) return 'classic';
  const type = textOf(field);
  if (type === undefined) throw invalid(what, 'x-queue-type', `{unacceptable_type,${typeName(field)}}`);
  if (type === 'classic' || type === 'quorum') return type;
  throw invalid(what, 'x-queue-type', `"unsupported queue type '${type}'"`);
}

function refuseForeign(what: string, table: Table, quorum: boolean): void {
  const foreign = (quorum ? CLASSIC_ONLY : QUORUM_ONLY).find((name) => table.has(name));
  if (foreign === undefined) return;
  const type = quorum ? 'rabbit_quorum_queue' : 'rabbit_classic_queue';
  throw new AmqpError('PRECONDITION_FAILED', `invalid arg '${foreign}' for ${what} of queue type ${type}`);
}

function boundedInteger(what: string, name: string, field: Field | undefined, least: number): number | undefined {
  if (!field) return undefined;
  const value = integerOf(field);
  if (value === undefined) throw invalid(what, name, `"expected integer, got ${typeName(field)}"`);
  if (value < 0) throw invalid(what, name, `{value_negative,${value}}`);
  if (value < least) throw invalid(what, name, `{value_zero,${value}}`);
  if (value > MAX_TTL_MS) throw invalid(what, name, `{value_too_large,${value}}`);
  return value;
}

function longString(what: string, name: string, field: Field | undefined): string | undefined {
  if (!field) return undefined;
  const value = textOf(field);
  if (value !== undefined) return value;
  throw new AmqpError('PRECONDITION_FAILED', `invalid type '${typeName(field)}' for arg '${name}' in ${what}`);
}

function oneOf<T extends string>(
  what: string,
  name: string,
  value: string | undefined,
  allowed: readonly T[],
  why: string,
): T | undefined {
  if (value === undefined) return undefined;
  const chosen = allowed.find((choice) => choice === value);
  if (chosen === undefined) throw invalid(what, name, why);
  return chosen;
}

const invalid = (what: string, name: string, why: string) =>
  new AmqpError('PRECONDITION_FAILED', `invalid arg '${name}' for ${what}: ${why}`);
