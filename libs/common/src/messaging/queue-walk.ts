import type { Channel, ConsumeMessage } from 'amqplib';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAny } from './preflight.js';

/** Of one consumer; what a quorum queue grants. */
const PREFETCH = 2000;
const MAX_CONSUMERS = 5;
/** Messages that one walk can see; those behind them come into view when these are gone. */
const WALK_LIMIT = PREFETCH * MAX_CONSUMERS;
/** Bytes that one walk holds; the message that reaches them is its last. */
const WALK_BYTES = 64 * 1024 * 1024;
/** The broker counted more than it hands out: somebody else holds them. */
const SILENCE_MS = 1000;
const RETURN_MS = 2000;

/** The queue does not exist. */
export class NoSuchQueueError extends Error {}
/** No broker answers, or the connection was lost on the way. Whatever was not removed is in the queue. */
export class BrokerAwayError extends Error {}

export interface Walk {
  /** From the head of the queue, at most WALK_LIMIT and WALK_BYTES. */
  readonly messages: readonly ConsumeMessage[];
  /** Messages in the queue when the walk began. */
  readonly waiting: number;
  /** Takes one of them out of the queue for good. */
  readonly remove: (message: ConsumeMessage) => void;
}

/**
 * Looks through a queue that nobody consumes, on a connection of its own.
 *
 * 1. Takes what is there, up to WALK_LIMIT and WALK_BYTES: while the walk lasts nobody else sees these messages. Should we die, the broker
 *    puts all of them back.
 * 2. `work` reads, and removes.
 * 3. Waits for the removals: a quorum queue forgets acknowledgements that a closing channel has not passed on (466 of 500
 *    came back on RabbitMQ 3.10). A `get` is answered after all of them.
 * 4. Puts the rest back and waits until it is there. Its order may change, and each look counts as a delivery.
 */
export async function walkQueue<T>(
  urls: readonly string[],
  queue: string,
  work: (walk: Walk) => Promise<T>,
): Promise<T> {
  const connection = await connectAny(urls);
  if (!connection) throw new BrokerAwayError('RabbitMQ does not answer');
  connection.on('error', () => undefined); // the call under way fails with the same error
  try {
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    const { messageCount: waiting } = await channel.checkQueue(queue);
    const messages = await take(channel, queue, waiting);
    const removed = new Set<ConsumeMessage>();
    const remove = (message: ConsumeMessage) => {
      channel.ack(message);
      removed.add(message);
    };
    try {
      return await work({ messages, waiting, remove });
    } finally {
      await leave(channel, queue, messages.length - removed.size, removed.size > 0);
    }
  } catch (error) {
    throw explained(error as Error, queue);
  } finally {
    await connection.close().catch(() => undefined); // the broker may have closed it first
  }
}

async function take(channel: Channel, queue: string, waiting: number): Promise<ConsumeMessage[]> {
  const wanted = Math.min(waiting, WALK_LIMIT);
  const messages: ConsumeMessage[] = [];
  const tags: string[] = [];
  let last = Date.now();
  let bytes = 0;
  await channel.prefetch(PREFETCH);
  for (let granted = 0; granted < wanted; granted += PREFETCH) {
    const { consumerTag } = await channel.consume(queue, (message) => {
      if (!message || bytes >= WALK_BYTES) return; // what came too much goes back with the rest
      messages.push(message);
      bytes += message.content.length;
      last = Date.now();
    });
    tags.push(consumerTag);
  }
  while (messages.length < wanted && bytes < WALK_BYTES && Date.now() - last < SILENCE_MS) await sleep(5);
  for (const tag of tags) await channel.cancel(tag);
  return messages;
}

async function leave(channel: Channel, queue: string, rest: number, removals: boolean): Promise<void> {
  if (removals) await channel.get(queue); // put back with the rest
  channel.nackAll(true);
  const deadline = Date.now() + RETURN_MS;
  while ((await channel.checkQueue(queue)).messageCount < rest && Date.now() < deadline) await sleep(10);
  await channel.close();
}

function explained(error: Error, queue: string): Error {
  if (error.message.includes('NOT_FOUND')) return new NoSuchQueueError(`There is no queue ${queue}`);
  const lost = error.name === 'IllegalOperationError' || /closed|ECONN|EPIPE|socket/i.test(error.message);
  return lost ? new BrokerAwayError(error.message) : error;
}
