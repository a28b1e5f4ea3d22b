import { randomBytes } from 'node:crypto';
import { AmqpError } from './amqp-error.js';
import type { Channel } from './channel.js';
import { readQueueArguments } from './queue-arguments.js';
import type { Queue } from './queue.js';

/** The pseudo-queue of https://www.rabbitmq.com/docs/direct-reply-to: consumed, it stands for a queue of one's own. */
export const REPLY_TO = 'amq.rabbitmq.reply-to';

export const isReplyQueue = (name: string) => name.startsWith(`${REPLY_TO}.`);

/** A queue that only this channel consumes; it goes with its consumer. */
export function declareReplyQueue(channel: Channel, noAck: boolean): Queue {
  if (!noAck) throw new AmqpError('PRECONDITION_FAILED', 'reply consumer cannot acknowledge');
  if (replyQueueOf(channel)) throw new AmqpError('PRECONDITION_FAILED', 'reply consumer already set');
  const name = `${REPLY_TO}.${randomBytes(16).toString('base64url')}`;
  return channel.broker.declareQueue({
    name,
    durable: false,
    autoDelete: true,
    owner: channel.link,
    arguments: new Map(),
    settings: readQueueArguments(name, new Map()),
  });
}

/** What a request's reply-to becomes, so that the answer finds this channel. */
export function replyAddressOf(channel: Channel): string {
  const queue = replyQueueOf(channel);
  if (!queue) throw new AmqpError('PRECONDITION_FAILED', 'fast reply consumer does not exist');
  return queue.name;
}

function replyQueueOf(channel: Channel): Queue | undefined {
  for (const { queue } of channel.consumers.values()) if (isReplyQueue(queue.name)) return queue;
  return undefined;
}
