import { AmqpError } from './amqp-error.js';
import type { Channel } from './channel.js';
import { consumeHandlers } from './consume-handlers.js';
import { Content } from './content.js';
import { exchangeHandlers } from './exchange-handlers.js';
import { FRAME, type Frame } from './frame.js';
import type { Handlers } from './handlers.js';
import type { Method } from './methods.js';
import { publish } from './publish.js';
import { queueHandlers } from './queue-handlers.js';
import { settleHandlers } from './settle-handlers.js';

const HANDLERS: Handlers = {
  ...exchangeHandlers,
  ...queueHandlers,
  ...consumeHandlers,
  ...settleHandlers,
  'basic.publish'(channel, args) {
    channel.content = new Content(args);
    channel.link.publishing();
  },
};

export function acceptMethod(channel: Channel, { name, args }: Method): void {
  if (channel.content) {
    throw new AmqpError(
      'UNEXPECTED_FRAME',
      'expected content header for class 60, got non content header frame instead',
    );
  }
  const handler = HANDLERS[name] as ((channel: Channel, args: unknown) => void) | undefined;
  // A method that only a server sends.
  if (!handler) throw new AmqpError('COMMAND_INVALID', 'unimplemented method');
  handler(channel, args);
}

/** Takes the parts of a message that follow basic.publish; publishes it when it is whole. */
export function acceptContent(channel: Channel, frame: Frame): void {
  const { content } = channel;
  if (!content) throw new AmqpError('UNEXPECTED_FRAME', 'expected method frame, got non method frame instead');
  if (frame.type === FRAME.header) content.header(frame.payload);
  else content.body(frame.payload);
  if (!content.complete) return;
  channel.content = undefined;
  publish(channel, content);
}
