import { AmqpError } from './amqp-error.js';
import type { Channel } from './channel.js';
import { Confirms } from './confirms.js';
import { giveBack, type Delivery } from './deliveries.js';
import type { Handlers } from './handlers.js';

export const settleHandlers: Handlers = {
  'basic.ack'(channel, { deliveryTag, multiple }) {
    const settled = channel.deliveries.settle(deliveryTag, multiple);
    for (const { queue } of settled) queue.acknowledge();
    deliverMore(channel, settled);
  },

  'basic.nack'(channel, { deliveryTag, multiple, requeue }) {
    refuse(channel, channel.deliveries.settle(deliveryTag, multiple), requeue);
  },

  'basic.reject'(channel, { deliveryTag, requeue }) {
    refuse(channel, channel.deliveries.settle(deliveryTag, false), requeue);
  },

  'basic.recover'(channel, { requeue }) {
    recover(channel, requeue);
    channel.send('basic.recover-ok', {});
  },

  'basic.recover-async'(channel, { requeue }) {
    recover(channel, requeue);
  },

  'confirm.select'(channel, { noWait }) {
    channel.confirms ??= new Confirms();
    channel.reply(noWait, 'confirm.select-ok', {});
  },

  'channel.flow'(channel, { active }) {
    if (!active) throw new AmqpError('NOT_IMPLEMENTED', 'active=false');
    channel.send('channel.flow-ok', { active });
  },
};

function refuse(channel: Channel, settled: Delivery[], requeue: boolean): void {
  if (requeue) giveBack(settled, 'asked');
  else for (const { queue, entry } of settled) queue.reject(entry);
  deliverMore(channel, settled);
}

function recover(channel: Channel, requeue: boolean): void {
  if (!requeue) throw new AmqpError('NOT_IMPLEMENTED', 'requeue=false');
  const settled = channel.deliveries.settleAll();
  giveBack(settled, 'asked');
  deliverMore(channel, settled);
}

/** Settling makes room: for this queue's consumer, or under a common prefetch for every consumer of the channel. */
function deliverMore(channel: Channel, settled: Delivery[]): void {
  if (channel.channelPrefetch > 0) channel.wake();
  else for (const queue of new Set(settled.map((delivery) => delivery.queue))) queue.deliver();
}
