import { withChannel } from '../../support/broker-view.js';
import { until } from '../../support/until.ts';
import { isPromised } from '../record.js';
import type { Row } from '../row.js';
import { SEND_QUEUE, type Scene } from '../scene.js';

const RETRY_QUEUE = `${SEND_QUEUE}.retry.3000`;

const limit = (scene: Scene, length: number) =>
  scene.cluster.alive.ctl(
    'set_policy',
    'chaos',
    `^${SEND_QUEUE.replaceAll('.', '\\.')}$`,
    JSON.stringify({ 'max-length': length }),
    '--apply-to',
    'queues',
  );
const unlimit = (scene: Scene) => scene.cluster.alive.ctl('clear_policy', 'chaos');
const killWorkers = (scene: Scene) => Promise.all(scene.workers.map((worker) => worker.kill()));
const startWorkers = (scene: Scene) => Promise.all(scene.workers.map((worker) => worker.start()));

/** The waits end, and the queue to go back to has no binding, and then no room: the wait queue keeps what it has. */
async function retriesWithoutTarget(scene: Scene): Promise<void> {
  const { url } = scene.cluster.alive;
  const waitOver = () => until('all texts wait', 20, async () => (await scene.ready(RETRY_QUEUE)) >= 50);
  scene.carrier.fail({ failFirst: 1, code: 'busy' });
  scene.injected();
  await withChannel(url, (channel) => channel.unbindQueue(SEND_QUEUE, 'sms-worker', SEND_QUEUE));
  await scene.client.burst(50);
  await waitOver();
  await scene.wait(5);
  scene.expect(scene.waiting().length === 50, 'texts arrived that had no way back');
  await withChannel(url, (channel) => channel.bindQueue(SEND_QUEUE, 'sms-worker', SEND_QUEUE));
  await scene.delivered(40);

  await scene.client.burst(50);
  await waitOver();
  await killWorkers(scene);
  await limit(scene, 10);
  await scene.client.burst(30);
  await scene.wait(5);
  await startWorkers(scene);
  await scene.delivered(40);
  await unlimit(scene);
  scene.healed();
  await scene.client.burst(10);
}

/** Room comes back because workers take texts out, and then because an operator lifts the limit of a full queue. */
async function fullQueue(scene: Scene): Promise<void> {
  await killWorkers(scene);
  await limit(scene, 20);
  scene.injected();
  const took = await promisedOf(scene, 100);
  scene.note(`${took} of 100 promised with a queue for 20`);
  await startWorkers(scene);
  await scene.delivered(20);
  const drained = await promisedOf(scene, 10);
  scene.expect(drained === 10, `${drained} of 10 promised when workers had made room`);

  await scene.delivered(20);
  await killWorkers(scene);
  await promisedOf(scene, 50);
  await unlimit(scene);
  await startWorkers(scene);
  scene.healed();
  const lifted = await promisedOf(scene, 10);
  await scene.wait(15);
  const stuck = scene.waiting().length;
  scene.expect(lifted === 10, `${lifted} of 10 promised when the limit of the full queue had been lifted`);
  scene.expect(stuck === 0, `${stuck} texts did not come within 15 s after the limit had been lifted`);
  if (lifted === 10 && stuck === 0) return;
  await scene.cluster.alive.ctl('close_all_connections', 'a new channel');
  await scene.wait(5);
  scene.note(`on new connections: ${await promisedOf(scene, 10)} of 10 promised`);
}

async function promisedOf({ client }: Scene, count: number): Promise<number> {
  const before = client.requests.length;
  await client.burst(count, 10);
  return client.requests.slice(before).filter(isPromised).length;
}

export const fullQueueRows: readonly Row[] = [
  {
    id: 'F28',
    title: 'the queue that retries go back to is not bound, then full',
    nodes: 1,
    rate: 0,
    bounds: { recoverySeconds: 10 },
    play: retriesWithoutTarget,
  },
  {
    id: 'F29',
    title: 'the send queue is full: the rest waits in the outbox, nothing is dropped',
    nodes: 1,
    rate: 0,
    bounds: { recoverySeconds: 10, answerSeconds: 4 },
    play: fullQueue,
  },
];
