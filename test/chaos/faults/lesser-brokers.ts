import { startCluster } from '../cluster.js';
import type { App } from '../processes.js';
import type { Row } from '../row.js';
import type { Scene } from '../scene.js';
import { killAll } from './nodes.js';

const APPS: readonly App[] = ['sms-worker', 'gateway'];

/** A RabbitMQ whose feature flag quorum_queue is off, as after an upgrade from 3.7: nobody starts on less than was asked for. */
async function withoutQuorumQueues(scene: Scene): Promise<void> {
  const lesser = await startCluster(1, { RABBITMQ_FEATURE_FLAGS: '' });
  try {
    scene.injected();
    for (const app of APPS) {
      const process = await scene.add(app, { RABBITMQ_URL: lesser.urls() });
      await process.start({ ready: false });
      const code = await Promise.race([process.end(), scene.wait(60)]);
      const sentence = process.output.split('\n').find((line) => line.startsWith('RabbitMQ refuses')) ?? '';
      scene.note(`${app}: ${sentence}`);
      scene.expect(code === 1, `the ${app} ended with ${String(code)} instead of 1`);
      scene.expect(/rabbit_quorum_queue.+feature flag is disabled/.test(sentence), `the ${app} does not say why`);
    }
  } finally {
    await lesser.end();
  }
}

export const lesserBrokerRows: readonly Row[] = [
  {
    id: 'F37a',
    title: 'there is only one node, and it is killed and started again',
    nodes: 1,
    short: true,
    bounds: { gapSeconds: 60, recoverySeconds: 60 },
    play: killAll,
  },
  {
    id: 'F37b',
    title: 'RabbitMQ has no quorum queues: nobody starts',
    nodes: 1,
    rate: 0,
    gateways: 0,
    workers: 0,
    bounds: {},
    play: withoutQuorumQueues,
  },
];
