import { withChannel } from '../../support/broker-view.js';
import type { Row } from '../row.js';
import { SEND_QUEUE, type Scene } from '../scene.js';

/** Nothing is on its way that a deletion could take along. */
async function quiet(scene: Scene): Promise<void> {
  await scene.client.settled();
  await scene.delivered(20);
  await scene.wait(0.5);
}

/** Deleting a queue takes what is in it; so it is empty, and load comes in the moment it is gone. */
async function deleteQueue(scene: Scene): Promise<void> {
  for (let rounds = scene.rounds(5); rounds > 0; rounds--) {
    await quiet(scene);
    await withChannel(scene.cluster.alive.url, (channel) => channel.deleteQueue(SEND_QUEUE));
    scene.injected();
    await scene.client.burst(50, 10);
  }
  scene.client.begin(50);
}

/** Routes are missing: every publish comes back, and waits in the outbox until somebody declares them again. */
async function deleteRoutes(scene: Scene): Promise<void> {
  await quiet(scene);
  const { url } = scene.cluster.alive;
  await withChannel(url, (channel) => channel.unbindQueue(SEND_QUEUE, 'otpost', 'sms.send'));
  scene.injected();
  await scene.client.burst(20);
  await withChannel(url, (channel) => channel.bindQueue(SEND_QUEUE, 'otpost', 'sms.send'));
  await scene.client.burst(20);
  await quiet(scene);
  await withChannel(url, (channel) => channel.deleteExchange('otpost'));
  await scene.client.burst(20);
  await scene.wait(5);
  const before = await scene.client.ask();
  scene.note(`five seconds after the exchange was deleted: ${before.status}`);
  const [worker] = scene.workers;
  await worker!.kill();
  await worker!.start(); // declares everything
  scene.healed();
  scene.client.begin(50);
}

/** Somebody declared our queue in another way: the start is refused with a sentence that says which, and what to do. */
async function declareOtherwise(scene: Scene): Promise<void> {
  const [worker] = scene.workers;
  const { url } = scene.cluster.alive;
  await worker!.kill();
  await withChannel(url, async (channel) => {
    await channel.deleteQueue(SEND_QUEUE);
    await channel.assertQueue(SEND_QUEUE, { durable: true });
  });
  scene.injected();
  await worker!.start({ ready: false });
  const code = await Promise.race([worker!.end(), scene.wait(20)]);
  const sentence = worker!.output.split('\n').find((line) => line.includes(SEND_QUEUE)) ?? '';
  scene.note(sentence);
  scene.expect(code === 1, `the worker ended with ${String(code)} instead of 1`);
  scene.expect(/^RabbitMQ already has the queue '.+' with another .+ Drain and delete/.test(sentence), 'no sentence');
  await withChannel(url, (channel) => channel.deleteQueue(SEND_QUEUE));
  await worker!.start();
  scene.healed();
  await scene.client.burst(20);
}

export const topologyRows: readonly Row[] = [
  {
    id: 'F18',
    title: 'the send queue is deleted under its consumers',
    nodes: 1,
    short: true,
    bounds: { recoverySeconds: 5 },
    play: deleteQueue,
  },
  {
    id: 'F19',
    title: 'the binding, then the exchange of events is deleted',
    nodes: 1,
    bounds: { recoverySeconds: 10, answerSeconds: 4 },
    play: deleteRoutes,
  },
  {
    id: 'F20',
    title: 'the send queue stands with other arguments: a worker refuses to start',
    nodes: 1,
    rate: 0,
    workers: 1,
    bounds: { recoverySeconds: 10 },
    play: declareOtherwise,
  },
];
