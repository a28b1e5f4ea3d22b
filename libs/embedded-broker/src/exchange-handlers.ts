import { AmqpError } from './amqp-error.js';
import { nameOf } from './broker.js';
import { EXCHANGE_TYPES } from './exchange.js';
import type { Handlers } from './handlers.js';

export const exchangeHandlers: Handlers = {
  'exchange.declare'(channel, { exchange: name, type: typeName, passive, noWait, ...declaration }) {
    refuseDefault(name);
    if (passive) {
      channel.broker.exchange(name);
    } else {
      const type = EXCHANGE_TYPES.find((known) => known === typeName);
      if (!type) throw new AmqpError('COMMAND_INVALID', `unknown exchange type '${typeName}'`);
      if (!channel.broker.hasExchange(name)) refuseReserved('exchange', name);
      channel.broker.declareExchange({ name, type, ...declaration });
    }
    channel.reply(noWait, 'exchange.declare-ok', {});
  },

  'exchange.delete'(channel, { exchange, ifUnused, noWait }) {
    refuseDefault(exchange);
    if (exchange.startsWith('amq.')) {
      throw new AmqpError('ACCESS_REFUSED', `deletion of system ${nameOf('exchange', exchange)} not allowed`);
    }
    channel.broker.deleteExchange(exchange, ifUnused);
    channel.reply(noWait, 'exchange.delete-ok', {});
  },
};

export function refuseDefault(exchange: string): void {
  if (exchange === '') throw new AmqpError('ACCESS_REFUSED', 'operation not permitted on the default exchange');
}

export function refuseReserved(kind: 'queue' | 'exchange', name: string): void {
  if (!name.startsWith('amq.')) return;
  throw new AmqpError('ACCESS_REFUSED', `${kind} name '${name}' contains reserved prefix 'amq.*'`);
}
