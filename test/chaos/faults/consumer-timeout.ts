import { nextNumber } from '../client.js';
import type { Row } from '../row.js';
import type { Scene } from '../scene.js';

const eachNode = (scene: Scene, expression: string) =>
  Promise.all(scene.cluster.nodes.map((node) => node.eval(expression)));

/** One text takes longer than the broker waits for its ack: the broker closes the channel, with all that is under way on it. */
async function outlastTheBroker(scene: Scene): Promise<void> {
  const to = nextNumber();
  scene.carrier.fail({ to, latencyMs: 8000 });
  scene.injected();
  await scene.client.ask(to);
  await scene.wait(15);
  const closed = scene.workers.filter(({ output }) => output.includes('timed out')).length;
  scene.expect(closed > 0, 'the broker never closed a channel');
  scene.note(`${closed} of ${scene.workers.length} workers lost a channel to the timeout`);
  scene.healed();
  await eachNode(
    scene,
    'application:set_env(rabbit, consumer_timeout, 1800000), application:set_env(rabbit, channel_tick_interval, 60000).',
  );
}

export const consumerTimeoutRows: readonly Row[] = [
  {
    id: 'F21',
    title: "a text takes longer than RabbitMQ's consumer timeout (5 s instead of 30 min)",
    nodes: 1,
    rate: 20,
    bounds: { recoverySeconds: 10 },
    drainSeconds: 90,
    prepare: async (scene) => {
      await eachNode(
        scene,
        'application:set_env(rabbit, consumer_timeout, 5000), application:set_env(rabbit, channel_tick_interval, 1000).',
      );
    },
    play: outlastTheBroker,
  },
];
