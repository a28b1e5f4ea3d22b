import { randomBytes } from 'node:crypto';
import { AmqpError } from './amqp-error.js';
import { nameOf } from './broker.js';
import { ChannelConsumer } from './consumer.js';
import { declareReplyQueue, REPLY_TO } from './direct-reply.js';
import type { Handlers } from './handlers.js';
import { withDeliveryCount } from './message.js';
import { queueOf } from './queue-handlers.js';

export const consumeHandlers: Handlers = {
  'basic.qos'(channel, { prefetchSize, prefetchCount, global }) {
    if (prefetchSize !== 0) throw new AmqpError('NOT_IMPLEMENTED', `prefetch_size!=0 (${prefetchSize})`);
    if (global) channel.channelPrefetch = prefetchCount;
    else channel.consumerPrefetch = prefetchCount;
    channel.send('basic.qos-ok', {});
    channel.wake();
  },

  'basic.consume'(channel, { queue: name, consumerTag, noAck, exclusive, noWait }) {
    const tag = consumerTag === '' ? `amq.ctag-${randomBytes(16).toString('base64url')}` : consumerTag;
    if (channel.consumers.has(tag)) throw new AmqpError('NOT_ALLOWED', `attempt to reuse consumer tag '${tag}'`);
    const queue = name === REPLY_TO ? declareReplyQueue(channel, noAck) : queueOf(channel, name);
    if (queue.consumers.exclusive || (exclusive && queue.consumers.count > 0)) {
      throw new AmqpError('ACCESS_REFUSED', `${nameOf('queue', queue.name)} in exclusive use`);
    }
    if (channel.channelPrefetch > 0 && queue.declaration.settings.quorum) {
      throw new AmqpError('NOT_IMPLEMENTED', `${nameOf('queue', queue.name)} does not support global qos`);
    }
    const consumer = new ChannelConsumer(channel, tag, queue, { noAck, exclusive, prefetch: channel.consumerPrefetch });
    channel.consumers.set(tag, consumer);
    channel.reply(noWait, 'basic.consume-ok', { consumerTag: tag });
    queue.addConsumer(consumer);
  },

  'basic.cancel'(channel, { consumerTag, noWait }) {
    channel.consumers.get(consumerTag)?.leave();
    channel.reply(noWait, 'basic.cancel-ok', { consumerTag });
  },

  'basic.get'(channel, { queue: name, noAck }) {
    const queue = queueOf(channel, name);
    const entry = queue.get();
    if (!entry) {
      channel.send('basic.get-empty', {});
      return;
    }
    const deliveryTag = channel.deliveries.nextTag();
    if (noAck) queue.acknowledge();
    else channel.deliveries.add(deliveryTag, { entry, queue, settled: () => undefined });
    const { exchange, routingKey, body, properties } = entry.message;
    const { messageCount } = queue;
    // Unlike a delivery, what is got from a quorum queue says the count also when it is 0.
    const counted = queue.declaration.settings.quorum ? withDeliveryCount(properties, entry.returns) : properties;
    channel.sendContent(
      'basic.get-ok',
      { deliveryTag, redelivered: entry.returns > 0, exchange, routingKey, messageCount },
      { properties: counted, body },
    );
  },
};
