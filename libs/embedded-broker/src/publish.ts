import { AmqpError } from './amqp-error.js';
import { nameOf, publishTo } from './broker.js';
import type { Channel } from './channel.js';
import type { Content } from './content.js';
import { replyAddressOf, REPLY_TO } from './direct-reply.js';
import { expirationOf, type Message } from './message.js';
import { decodeProperties, encodeProperties } from './properties.js';

/** Checked, routed, queued; a mandatory message that reached nobody is returned before it is confirmed. */
export function publish(channel: Channel, content: Content): void {
  const { exchange, routingKey, mandatory, immediate } = content.method;
  if (immediate) throw new AmqpError('NOT_IMPLEMENTED', 'immediate=true');
  if (exchange !== '' && channel.broker.exchange(exchange).declaration.internal) {
    throw new AmqpError('ACCESS_REFUSED', `cannot publish to internal ${nameOf('exchange', exchange)}`);
  }
  const message = messageFrom(channel, content);
  const accepted = publishTo(channel.broker.route(exchange, routingKey), message);
  if (accepted === undefined && mandatory) {
    const reply = { replyCode: 312, replyText: 'NO_ROUTE', exchange, routingKey };
    channel.sendContent('basic.return', reply, message);
  }
  channel.confirm(accepted ?? true);
}

function messageFrom(channel: Channel, content: Content): Message {
  const encoded = content.properties!;
  const properties = decodeProperties(encoded);
  if (properties.userId !== undefined && properties.userId !== channel.link.user) {
    throw new AmqpError(
      'PRECONDITION_FAILED',
      `user_id property set to '${properties.userId}' but authenticated user was '${channel.link.user}'`,
    );
  }
  return {
    exchange: content.method.exchange,
    routingKey: content.method.routingKey,
    properties:
      properties.replyTo === REPLY_TO ? encodeProperties({ ...properties, replyTo: replyAddressOf(channel) }) : encoded,
    body: content.bytes(),
    expiration: expirationOf(properties),
  };
}
