import type { Channel } from 'amqplib';
import { patternOf, type Contract } from '../contracts/event.js';
import { SMS_OUTCOMES } from '../contracts/sms-outcomes.js';
import { SmsSend } from '../contracts/sms-send.js';

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

const QUORUM = { 'x-queue-type': 'quorum' };
/** At-least-once dead-lettering needs reject-publish, and a full queue must say so instead of dropping. */
const LOSES_NOTHING = { ...QUORUM, 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' };
/** A net under our own counting. Not -1: RabbitMQ 3.10 dead-letters at the first requeue; not the broker's default: 4.x drops after 20. */
const DELIVERY_LIMIT = 1000;

/** Declares everything; what stands already with the same arguments is left as it is. Works on RabbitMQ 3.10 to 4.x. */
export async function declare(channel: Channel, consumers: readonly Consumer[]): Promise<void> {
  await channel.assertExchange(EXCHANGE, 'topic', { durable: true });
  for (const consumer of consumers) await declareConsumer(channel, consumer);
}

async function declareConsumer(channel: Channel, { name, lanes }: Consumer): Promise<void> {
  const parked = parkedQueueOf(name);
  await channel.assertExchange(name, 'direct', { durable: true });
  await declareQueue(channel, name, parked, QUORUM);
  for (const { name: lane, patterns, delays } of lanes) {
    const queue = queueOf(name, lane);
    await declareQueue(channel, name, deadQueueOf(queue), QUORUM);
    await declareQueue(channel, name, queue, {
      ...LOSES_NOTHING,
      'x-dead-letter-exchange': name,
      'x-dead-letter-routing-key': parked,
      'x-delivery-limit': DELIVERY_LIMIT,
    });
    for (const delay of delays) {
      await declareQueue(channel, name, retryQueueOf(queue, delay), {
        ...LOSES_NOTHING,
        'x-message-ttl': delay,
        'x-dead-letter-exchange': name,
        'x-dead-letter-routing-key': queue,
      });
    }
    for (const pattern of patterns) await channel.bindQueue(queue, EXCHANGE, pattern);
  }
}

async function declareQueue(
  channel: Channel,
  exchange: string,
  queue: string,
  args: Readonly<Record<string, unknown>>,
): Promise<void> {
  await channel.assertQueue(queue, { durable: true, arguments: args });
  await channel.bindQueue(queue, exchange, queue);
}

const laneOf = (name: string, contracts: readonly Contract[]): Lane => ({
  name,
  patterns: contracts.map(patternOf),
  delays: [],
});

/** Where texts wait for a worker. The gateway declares it too, so that an event published before any worker ever ran is kept. */
export const SMS_WORKER_INBOX: Consumer = {
  name: 'sms-worker',
  lanes: [laneOf('sms.send', [SmsSend])],
};
/** Likewise for the worker: outcomes wait for a gateway that has not started yet. */
export const GATEWAY_INBOX: Consumer = {
  name: 'gateway',
  lanes: [laneOf('outcomes', SMS_OUTCOMES)],
};
