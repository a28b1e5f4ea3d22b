import type { Channel, ChannelModel } from 'amqplib';
import { StartRefused } from '../config/environment.js';
import { connectAny, DIFFERENT } from './preflight.js';
import type { Topology } from './topology.js';

/** A way in which a broker is not as declared. `sentence` says it to an operator. */
export interface TopologyDifference {
  readonly kind: 'missing' | 'different' | 'refused';
  readonly what: 'exchange' | 'queue';
  readonly name: string;
  readonly sentence: string;
}

/**
 * Compares a broker with the topology and changes nothing on it: whatever is missing is not declared. Bindings cannot be
 * seen over AMQP.
 * @throws StartRefused where no broker answers, or it refuses the user.
 */
export async function compareTopology(
  urls: readonly string[],
  { exchanges, queues }: Topology,
): Promise<TopologyDifference[]> {
  const connection = await connectAny(urls);
  if (!connection) throw new StartRefused('No RabbitMQ answers at RABBITMQ_URL: start it, or correct the address.');
  connection.on('error', () => undefined); // the step under way fails with the same error
  try {
    const found: (TopologyDifference | undefined)[] = [];
    for (const { name, type } of exchanges) {
      found.push(
        await compare(connection, 'exchange', name, [
          (channel) => channel.checkExchange(name),
          (channel) => channel.assertExchange(name, type, { durable: true }),
        ]),
      );
    }
    for (const { name, arguments: args } of queues) {
      found.push(
        await compare(connection, 'queue', name, [
          (channel) => channel.checkQueue(name),
          (channel) => channel.assertQueue(name, { durable: true, arguments: args }),
        ]),
      );
    }
    return found.filter((difference) => difference !== undefined);
  } finally {
    await connection.close().catch(() => undefined); // the broker may have closed it first
  }
}

/** Only what stands is declared, to hear in which argument it differs. A refused step closes its channel, so each has its own. */
async function compare(
  connection: ChannelModel,
  what: TopologyDifference['what'],
  name: string,
  steps: readonly ((channel: Channel) => Promise<unknown>)[],
): Promise<TopologyDifference | undefined> {
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  try {
    for (const step of steps) await step(channel);
    await channel.close();
    return undefined;
  } catch (error) {
    return { what, name, ...explain(what, name, (error as Error).message) };
  }
}

function explain(what: string, name: string, reason: string): Pick<TopologyDifference, 'kind' | 'sentence'> {
  if (reason.includes('NOT_FOUND')) return { kind: 'missing', sentence: `The ${what} '${name}' is missing.` };
  const [, argument, , , wanted, found] = DIFFERENT.exec(reason) ?? [];
  if (argument === undefined)
    return { kind: 'refused', sentence: `The ${what} '${name}' cannot be compared: ${reason}` };
  const sentence = `The ${what} '${name}' has another ${argument}: Otpost needs ${wanted}, the broker has ${found}.`;
  return { kind: 'different', sentence };
}
