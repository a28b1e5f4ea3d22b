import type { Channel } from 'amqplib';
import { patternOf, type Contract } from '../contracts/event.js';
import { SMS_OUTCOMES } from '../contracts/sms-outcomes.js';
import { SmsReceipt } from '../contracts/sms-receipt.js';
import { SmsSend } from '../contracts/sms-send.js';
import { declaredDelays, type RetryPolicy } from './backoff.js';

/** All events go through this topic exchange. It has no alternate exchange: what one catches is confirmed, so a lost event would look like success. */
export const EXCHANGE = 'otpost';

/** One queue of a consumer and what belongs to it. */
export interface Lane {
  readonly name: string;
  readonly patterns: readonly string[];
  /** Milliseconds; one delay queue each. */
  readonly delays: readonly number[];
}

/** A consumer's queues. Its direct exchange, of the same name, carries retry, dead and parked copies, so that least rights stay possible. */
export interface Consumer {
  readonly name: string;
  readonly lanes: readonly Lane[];
}

export const queueOf = (consumer: string, lane: string): string => `${consumer}.${lane}`;
export const retryQueueOf = (queue: string, delayMs: number): string => `${queue}.retry.${delayMs}`;
export const deadQueueOf = (queue: string): string => `${queue}.dead`;
export const parkedQueueOf = (consumer: string): string => `${consumer}.parked`;

/** Everything that stands on the broker, as data: what the apps declare, `otpost topology` shows, compares and exports. */
export interface Topology {
  readonly exchanges: readonly { readonly name: string; readonly type: 'topic' | 'direct' }[];
  /** All of them durable. */
  readonly queues: readonly DeclaredQueue[];
  readonly bindings: readonly { readonly queue: string; readonly exchange: string; readonly key: string }[];
}

export interface DeclaredQueue {
  readonly name: string;
  /** May never change under a name once it is released: a queue that stands with other arguments refuses the start. */
  readonly arguments: Readonly<Record<string, string | number>>;
}

const QUORUM = { 'x-queue-type': 'quorum' };
/** At-least-once dead-lettering needs reject-publish, and a full queue must say so instead of dropping. */
const LOSES_NOTHING = { ...QUORUM, 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' };
/** A net under our own counting. Not -1: RabbitMQ 3.10 dead-letters at the first requeue; not the broker's default: 4.x drops after 20. */
const DELIVERY_LIMIT = 1000;
/**
 * Whoever looks through dead and parked messages takes them and hands them back, and each look counts as a delivery. These
 * queues have nowhere to dead-letter to, so the limit would drop: it is out of reach. With a limit, whatever it is, a message
 * that is handed back keeps its place.
 */
const NEVER_DROPS = { ...QUORUM, 'x-delivery-limit': 1_000_000_000 };

/** What these consumers need on the broker, in an order in which it can be declared. */
export function topologyOf(consumers: readonly Consumer[]): Topology {
  const parts = consumers.map(partOf);
  return {
    exchanges: [{ name: EXCHANGE, type: 'topic' }, ...parts.flatMap(({ exchanges }) => exchanges)],
    queues: parts.flatMap(({ queues }) => queues),
    bindings: parts.flatMap(({ bindings }) => bindings),
  };
}

function partOf({ name: exchange, lanes }: Consumer): Topology {
  const parked = parkedQueueOf(exchange);
  const queues = [{ name: parked, arguments: NEVER_DROPS }, ...lanes.flatMap((lane) => queuesOf(exchange, lane))];
  const events = lanes.flatMap(({ name, patterns }) =>
    patterns.map((key) => ({ queue: queueOf(exchange, name), exchange: EXCHANGE, key })),
  );
  return {
    exchanges: [{ name: exchange, type: 'direct' }],
    queues,
    bindings: [...queues.map(({ name }) => ({ queue: name, exchange, key: name })), ...events],
  };
}

function queuesOf(consumer: string, { name, delays }: Lane): DeclaredQueue[] {
  const queue = queueOf(consumer, name);
  const deadLettersTo = (key: string) => ({
    ...LOSES_NOTHING,
    'x-dead-letter-exchange': consumer,
    'x-dead-letter-routing-key': key,
  });
  return [
    { name: deadQueueOf(queue), arguments: NEVER_DROPS },
    { name: queue, arguments: { ...deadLettersTo(parkedQueueOf(consumer)), 'x-delivery-limit': DELIVERY_LIMIT } },
    ...delays.map((delay) => ({
      name: retryQueueOf(queue, delay),
      arguments: { ...deadLettersTo(queue), 'x-message-ttl': delay },
    })),
  ];
}

/** Declares everything; what stands already with the same arguments is left as it is. Works on RabbitMQ 3.10 to 4.x. */
export async function declare(channel: Channel, consumers: readonly Consumer[]): Promise<void> {
  const { exchanges, queues, bindings } = topologyOf(consumers);
  for (const { name, type } of exchanges) await channel.assertExchange(name, type, { durable: true });
  for (const queue of queues) await channel.assertQueue(queue.name, { durable: true, arguments: queue.arguments });
  for (const { queue, exchange, key } of bindings) await channel.bindQueue(queue, exchange, key);
}

const laneOf = (name: string, contracts: readonly Contract[]): Lane => ({
  name,
  patterns: contracts.map(patternOf),
  delays: [],
});

/** Where texts, and what companies say of them later, wait for a worker. The gateway declares it too, so that an event published before any worker ever ran is kept. */
export const SMS_WORKER_INBOX: Consumer = {
  name: 'sms-worker',
  lanes: [laneOf('sms.send', [SmsSend]), laneOf('sms.receipt', [SmsReceipt])],
};
/** Likewise for the worker: outcomes wait for a gateway that has not started yet. */
export const GATEWAY_INBOX: Consumer = {
  name: 'gateway',
  lanes: [laneOf('outcomes', SMS_OUTCOMES)],
};

/** By which the gateway tries to note an outcome again. */
export const OUTCOMES_POLICY: RetryPolicy = { maxAttempts: 5, backoffSeconds: 5, deferSeconds: [] };

/** By which the worker tries to match a receipt again. */
export const RECEIPTS_POLICY: RetryPolicy = { maxAttempts: 5, backoffSeconds: 5, deferSeconds: [] };

/** Both consumers with their delay queues, as the two apps together declare them; `sms` is the policy of the worker's settings. */
export const otpostConsumers = (sms: RetryPolicy): Consumer[] => [
  withDelays(SMS_WORKER_INBOX, { 'sms.send': sms, 'sms.receipt': RECEIPTS_POLICY }),
  withDelays(GATEWAY_INBOX, { outcomes: OUTCOMES_POLICY }),
];

const withDelays = ({ name, lanes }: Consumer, policies: Readonly<Record<string, RetryPolicy>>): Consumer => ({
  name,
  lanes: lanes.map((lane) => ({ ...lane, delays: declaredDelays(policies[lane.name]!) })),
});
