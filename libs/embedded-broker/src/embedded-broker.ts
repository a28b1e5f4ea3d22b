import { once } from 'node:events';
import { createServer, isIPv4, type AddressInfo } from 'node:net';
import { AmqpError } from './amqp-error.js';
import { Broker } from './broker.js';
import { Connection } from './connection.js';
import { isReplyQueue } from './direct-reply.js';

export interface EmbeddedBrokerOptions {
  /** A loopback address; default 127.0.0.1. */
  host?: string;
  /** 0, the default, takes any free port. */
  port?: number;
  /** Default guest. */
  user?: string;
  /** Default guest. */
  password?: string;
}

export interface QueueReport {
  readonly name: string;
  /** Ready to be delivered. */
  readonly messages: number;
  /** Delivered and not settled yet. */
  readonly unacked: number;
  readonly consumers: number;
}

export interface EmbeddedBroker {
  /** Where clients connect, credentials included. */
  readonly url: string;
  readonly port: number;
  queues(): QueueReport[];
  /** As RabbitMQ under a memory alarm: whoever publishes is told so and not read from until `unblock`. */
  block(reason: string): void;
  unblock(): void;
  /** Ends every connection and forgets every message. */
  close(): Promise<void>;
}

/** For a client to answer the goodbye at close. */
const GOODBYE_MS = 500;

/**
 * Starts an AMQP 0-9-1 server in this process for development and tests. Nothing is durable: a confirm says that a queue
 * has the message in memory. Refuses every address that other machines could reach.
 */
export async function startEmbeddedBroker(options: EmbeddedBrokerOptions = {}): Promise<EmbeddedBroker> {
  const { host = '127.0.0.1', port = 0, user = 'guest', password = 'guest' } = options;
  if (!isLoopback(host)) {
    throw new Error(`The embedded broker listens on a loopback address only, such as 127.0.0.1, not on ${host}.`);
  }
  const broker = new Broker();
  const alarm: { reason: string | undefined } = { reason: undefined };
  const connections = new Set<Connection>();
  const server = createServer((socket) => {
    const connection = new Connection(socket, broker, { user, password }, alarm, () => connections.delete(connection));
    connections.add(connection);
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  const authority = host.includes(':') ? `[${host}]` : host;

  return {
    url: `amqp://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${authority}:${address.port}`,
    port: address.port,
    queues: () =>
      [...broker.queues]
        .filter(({ name }) => !isReplyQueue(name))
        .map((queue) => ({
          name: queue.name,
          messages: queue.messageCount,
          unacked: queue.unacked,
          consumers: queue.consumers.count,
        })),
    block(reason) {
      alarm.reason = reason;
    },
    unblock() {
      alarm.reason = undefined;
      for (const connection of connections) connection.unblock();
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const goodbye = new AmqpError('CONNECTION_FORCED', "broker forced connection closure with reason 'shutdown'");
      for (const connection of connections) connection.close(goodbye);
      const impatience = setTimeout(() => connections.forEach((connection) => connection.destroy()), GOODBYE_MS);
      await closed;
      clearTimeout(impatience);
      broker.deleteAllQueues();
    },
  };
}

const isLoopback = (host: string) =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
