import { AmqpError } from './amqp-error.js';
import { longField } from './field-table.js';
import { decodeProperties, encodeProperties, type Properties } from './properties.js';

/** A published message. Immutable: several queues share one. */
export interface Message {
  readonly exchange: string;
  readonly routingKey: string;
  /** As they came, so that delivering costs no coding. */
  readonly properties: Buffer;
  readonly body: Buffer;
  /** Its own time to live in milliseconds. */
  readonly expiration?: number;
}

/** RabbitMQ's own bound on a time to live: what its timers can hold. */
export const MAX_TTL_MS = 0xffff_ffff;

/** Reads the `expiration` property; throws RabbitMQ's sentence for what is no number of milliseconds. */
export function expirationOf({ expiration }: Properties): number | undefined {
  if (expiration === undefined) return undefined;
  const invalid = (why: string) => new AmqpError('PRECONDITION_FAILED', `invalid expiration '${expiration}': ${why}`);
  const digits = /^[+-]?\d+/.exec(expiration)?.[0];
  if (digits === undefined) throw invalid('no_integer');
  if (digits !== expiration) throw invalid(`{leftover_string,"${expiration.slice(digits.length)}"}`);
  const value = Number(digits);
  if (value < 0) throw invalid(`{value_negative,${value}}`);
  if (value > MAX_TTL_MS) throw invalid(`{value_too_large,${value}}`);
  return value;
}

/** The properties with `x-delivery-count` set, as a quorum queue hands out a message that came back. */
export function withDeliveryCount(properties: Buffer, count: number): Buffer {
  const decoded = decodeProperties(properties);
  const headers = new Map(decoded.headers).set('x-delivery-count', longField(count));
  return encodeProperties({ ...decoded, headers });
}
