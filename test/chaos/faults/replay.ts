import { until } from '../../support/until.ts';
import { otpost } from '../processes.js';
import type { Row } from '../row.js';
import { DEAD_QUEUE, type Scene } from '../scene.js';

const DEAD = 2000;
const A_SECOND = 100;

const replay = ({ gateways }: Scene) =>
  otpost(['dead-letters', 'replay', '--yes', '--rate', String(A_SECOND)], { OTPOST_URL: gateways[0]!.url });

/** The command is killed midway; then the gateway, while the command runs again; a third one does what is left. */
async function replayMidway(scene: Scene): Promise<void> {
  const { carrier, gateways } = scene;
  const arrived = (count: number) => until(`${count} have arrived`, 60, () => carrier.texts.length >= count);
  carrier.fail({ code: 'invalid-number' }); // a refusal that leaves no company alone
  await scene.publish(scene.plainTexts(DEAD, 1200));
  // More where a copy was made again because its confirm took too long.
  await until('all are dead letters', 60, async () => (await scene.ready(DEAD_QUEUE)) >= DEAD);
  carrier.heal();

  scene.injected();
  const first = replay(scene);
  await arrived(1);
  const began = Date.now();
  await arrived(DEAD * 0.3);
  const seconds = (Date.now() - began) / 1000;
  first.kill();
  await first.ended;
  const rate = carrier.texts.length / seconds;
  scene.expect(rate <= A_SECOND * 1.2, `${rate.toFixed(0)} a second were replayed`);
  scene.note(`command killed after ${carrier.texts.length} texts, ${rate.toFixed(0)} a second`);

  const second = replay(scene);
  await arrived(carrier.texts.length + DEAD * 0.2);
  await gateways[0]!.kill();
  scene.note(`gateway killed after ${carrier.texts.length} texts: the command ended with ${await second.ended}`);
  await gateways[0]!.start();

  const third = replay(scene);
  scene.expect((await third.ended) === 0, `the last replay did not end with 0: ${third.output()}`);
  scene.healed();
  scene.note(third.output().trim().split('\n').at(-1)!);
  await scene.delivered(30);
}

export const replayRows: readonly Row[] = [
  {
    id: 'F31',
    title: `${DEAD} dead letters are replayed; the command is killed midway, then the gateway`,
    nodes: 1,
    rate: 0,
    gateways: 1,
    bounds: {},
    play: replayMidway,
  },
];
