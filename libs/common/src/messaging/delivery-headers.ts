import type { ConsumeMessage, Options } from 'amqplib';
import { mask } from '../telemetry/mask.js';
import type { DeliveryCount, Settlement } from './settlement.js';

type Headed = { readonly properties: { readonly headers?: Readonly<Record<string, unknown>> | undefined } };

/** Reads our counters; whatever is not a sensible number counts as a first delivery. */
export function countOf({ properties: { headers } }: Headed): DeliveryCount {
  return {
    attempt: Math.max(1, whole(headers?.['x-attempt'])),
    deferrals: Math.max(0, whole(headers?.['x-deferrals'])),
  };
}

const whole = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value < 1_000_000 ? value : 0;

/**
 * Not copied: what the broker wrote about earlier deaths (copied `x-death` headers make RabbitMQ 3.10 drop messages as
 * cycles), its delivery counters, extra routing keys, and our own mark of one publish.
 */
const NOT_COPIED = /^(x-(first-|last-)?death.*|x-delivery-count|x-acquired-count|x-publish|cc|bcc)$/i;
const MAX_REASON = 500;

/**
 * Properties of a retry, dead or parked copy of a message. No `expiration` (it would end the wait early) and no `user_id`
 * (the broker checks it against who publishes).
 */
export function copyOptions(
  message: ConsumeMessage,
  settlement: Exclude<Settlement, { kind: 'done' }>,
  queue: string,
): Options.Publish {
  const { contentType, contentEncoding, correlationId, messageId, type, appId, timestamp, headers } =
    message.properties as Omit<Options.Publish, 'headers'> & { headers?: Record<string, unknown> };
  const { attempt, deferrals } = settlement.kind === 'retry' ? settlement.next : countOf(message);
  const kept = Object.entries(headers ?? {}).filter(([name]) => !NOT_COPIED.test(name));
  return {
    contentType,
    contentEncoding,
    correlationId,
    messageId,
    // A copy comes back with the queue's name as its routing key: bare JSON would lose its pattern.
    type: type ?? message.fields.routingKey,
    appId,
    timestamp,
    headers: {
      ...Object.fromEntries(kept),
      'x-attempt': attempt,
      'x-deferrals': deferrals,
      'x-reason': mask(settlement.reason).slice(0, MAX_REASON),
      'x-queue': queue,
      'x-first-published': headers?.['x-first-published'] ?? timestamp ?? Math.floor(Date.now() / 1000),
      ...(settlement.kind === 'dead' && settlement.errorClass ? { 'x-class': settlement.errorClass } : {}),
      ...(settlement.kind === 'dead' && settlement.provider ? { 'x-provider': settlement.provider } : {}),
    },
  };
}

/** For a message whose own properties cannot be written again: ours only. */
export const bareCopyOptions = (message: ConsumeMessage, reason: string, queue: string): Options.Publish => ({
  headers: { 'x-reason': mask(reason).slice(0, MAX_REASON), 'x-queue': queue, 'x-attempt': countOf(message).attempt },
});
