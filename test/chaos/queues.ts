import { withChannel } from '../support/broker-view.js';
import type { Cluster } from './cluster.js';

const isDead = (queue: string) => queue.endsWith('.dead');
const isParked = (queue: string) => queue.endsWith('.parked');
export const isTerminal = (queue: string): boolean => isDead(queue) || isParked(queue);

/** Ours. */
export async function queuesOf(cluster: Cluster): Promise<string[]> {
  const names = await cluster.alive.ctl('list_queues', 'name', '--no-table-headers');
  return names.split('\n').filter((name) => name.startsWith('sms-worker.') || name.startsWith('gateway.'));
}

/** How many messages are ready in each of these queues. */
export function readyIn(cluster: Cluster, queues: readonly string[]): Promise<Map<string, number>> {
  return withChannel(cluster.alive.url, async (channel) => {
    const counts = new Map<string, number>();
    for (const queue of queues) counts.set(queue, (await channel.checkQueue(queue)).messageCount);
    return counts;
  });
}

export interface Terminal {
  readonly kind: 'dead' | 'parked';
  readonly messageId: string | undefined;
  readonly reason: string;
}

/** Takes what lies in these dead and parked queues. */
export function takeTerminal(cluster: Cluster, queues: readonly string[]): Promise<Terminal[]> {
  return withChannel(cluster.alive.url, async (channel) => {
    const found: Terminal[] = [];
    for (const queue of queues) {
      for (let got = await channel.get(queue, { noAck: true }); got; got = await channel.get(queue, { noAck: true })) {
        const { messageId, headers } = got.properties;
        found.push({
          kind: isDead(queue) ? 'dead' : 'parked',
          messageId: messageId as string | undefined,
          reason: String(headers?.['x-reason'] ?? headers?.['x-first-death-reason']),
        });
      }
    }
    return found;
  });
}

/** So that a row begins with nothing that another one left: queues are declared anew, with nothing remembered inside. */
export async function deleteQueues(cluster: Cluster): Promise<void> {
  const queues = await queuesOf(cluster);
  await withChannel(cluster.alive.url, async (channel) => {
    for (const queue of queues) await channel.deleteQueue(queue);
  });
}
