import { connect } from 'amqplib';
import { StartRefused } from '../config/environment.js';
import { shuffled } from './connection.js';
import { declare, type Consumer } from './topology.js';

export const DIFFERENT =
  /inequivalent arg '([^']+)' for (\w+) '([^']+)' in vhost '[^']+': received (.+?) but current is (.+?)"?$/;

/** ACCESS_REFUSED and NOT_ALLOWED, as amqplib tells them. */
const REFUSED = /terminated by server: (403|530)/i;

/**
 * Declares the topology once, before Nest listens. Resolves to whether a broker answered.
 * @throws StartRefused where something stands with other arguments: an operator has to drain or rename it.
 */
export async function preflight(urls: readonly string[], consumers: readonly Consumer[]): Promise<boolean> {
  const connection = await connectAny(urls);
  if (!connection) return false;
  let ended: Error | undefined; // a connection that the broker ends says why; what is under way on it does not
  connection.on('error', (error: Error) => (ended = error));
  try {
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    await declare(channel, consumers);
    return true;
  } catch (error) {
    throw refusal(ended ?? (error as Error));
  } finally {
    await connection.close().catch(() => undefined); // the broker may have closed it first
  }
}

/** @throws StartRefused where a broker refuses the user or the virtual host; undefined where none answers. */
export async function connectAny(urls: readonly string[]) {
  for (const url of shuffled(urls)) {
    try {
      return await connect(url, { timeout: 2000 });
    } catch (error) {
      if (REFUSED.test((error as Error).message)) {
        throw new StartRefused(
          `RabbitMQ refuses the user or the virtual host of RABBITMQ_URL: ${(error as Error).message}`,
        );
      }
    }
  }
  return undefined;
}

function refusal(error: Error): Error {
  const [, argument, kind, name, wanted, found] = DIFFERENT.exec(error.message) ?? [];
  if (name === undefined) return new StartRefused(`RabbitMQ refuses the topology: ${error.message}`);
  return new StartRefused(
    `RabbitMQ already has the ${kind} '${name}' with another ${argument}: Otpost needs ${wanted}, the broker has ${found}. ` +
      `Drain and delete the old ${kind}, then start again.`,
  );
}
