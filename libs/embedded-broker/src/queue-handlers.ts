import { randomBytes } from 'node:crypto';
import { AmqpError } from './amqp-error.js';
import { nameOf } from './broker.js';
import type { Channel } from './channel.js';
import { REPLY_TO } from './direct-reply.js';
import { refuseDefault, refuseReserved } from './exchange-handlers.js';
import type { Handlers } from './handlers.js';
import type { Args } from './methods.js';
import { readQueueArguments } from './queue-arguments.js';
import type { Queue } from './queue.js';

export const queueHandlers: Handlers = {
  'queue.declare'(channel, args) {
    if (args.queue === REPLY_TO) {
      channel.reply(args.noWait, 'queue.declare-ok', { queue: REPLY_TO, messageCount: 0, consumerCount: 1 });
      return;
    }
    const queue = args.passive ? channel.broker.queue(args.queue, channel.link) : declare(channel, args);
    channel.lastQueue = queue.name;
    queue.used();
    const [messageCount, consumerCount] = [queue.messageCount, queue.consumers.count];
    channel.reply(args.noWait, 'queue.declare-ok', { queue: queue.name, messageCount, consumerCount });
  },

  'queue.bind'(channel, { queue: name, exchange, routingKey, noWait }) {
    refuseDefault(exchange);
    const queue = queueOf(channel, name);
    channel.broker.exchange(exchange).bind(queue, name === '' && routingKey === '' ? queue.name : routingKey);
    channel.reply(noWait, 'queue.bind-ok', {});
  },

  'queue.unbind'(channel, { queue, exchange, routingKey }) {
    refuseDefault(exchange);
    const name = queue === '' ? channel.lastQueue : queue;
    // What is not there is already unbound.
    if (channel.broker.has(name) && channel.broker.hasExchange(exchange)) {
      channel.broker.unbind(channel.broker.exchange(exchange), queueOf(channel, name), routingKey);
    }
    channel.send('queue.unbind-ok', {});
  },

  'queue.purge'(channel, { queue, noWait }) {
    channel.reply(noWait, 'queue.purge-ok', { messageCount: queueOf(channel, queue).purge() });
  },

  'queue.delete'(channel, { queue: name, ifUnused, ifEmpty, noWait }) {
    let messageCount = 0;
    if (name === '' || channel.broker.has(name)) {
      const queue = queueOf(channel, name);
      const refuse = (why: string) => new AmqpError('PRECONDITION_FAILED', `${nameOf('queue', queue.name)} ${why}`);
      if (ifUnused && queue.consumers.count > 0) throw refuse('in use');
      if (ifEmpty && queue.messageCount > 0) throw refuse('not empty');
      messageCount = channel.broker.deleteQueue(queue);
    }
    channel.reply(noWait, 'queue.delete-ok', { messageCount });
  },
};

/** An empty name means the queue that this channel declared last. */
export function queueOf(channel: Channel, name: string): Queue {
  if (name !== '') return channel.broker.queue(name, channel.link);
  if (channel.lastQueue === '') throw new AmqpError('NOT_FOUND', 'no previously declared queue');
  return channel.broker.queue(channel.lastQueue, channel.link);
}

function declare(channel: Channel, args: Args<'queue.declare'>): Queue {
  const { durable, exclusive, autoDelete } = args;
  const name = args.queue === '' ? `amq.gen-${randomBytes(16).toString('base64url')}` : args.queue;
  if (args.queue !== '' && !channel.broker.has(name)) refuseReserved('queue', name);
  const what = nameOf('queue', name);
  const settings = readQueueArguments(what, args.arguments);
  if (settings.quorum) {
    const property = (!durable && 'non-durable') || (autoDelete && 'auto-delete') || (exclusive && 'exclusive-owner');
    if (property) throw new AmqpError('PRECONDITION_FAILED', `invalid property '${property}' for ${what}`);
  }
  const owner = exclusive ? channel.link : undefined;
  return channel.broker.declareQueue({ name, durable, autoDelete, owner, arguments: args.arguments, settings });
}
