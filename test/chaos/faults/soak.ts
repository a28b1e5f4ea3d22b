import type { AppProcess } from '../processes.js';
import type { Row } from '../row.js';
import type { Scene } from '../scene.js';
import { outOfMemory } from './alarms.js';
import { freezeLeader, killAll, killFollower, killLeader } from './nodes.js';

const killOne = (pick: (scene: Scene) => readonly AppProcess[]) => async (scene: Scene) => {
  const process = scene.pick(pick(scene));
  await process.kill();
  await scene.wait(1);
  await process.start();
};

async function freezeWorkerShortly(scene: Scene): Promise<void> {
  const thaw = await scene.pick(scene.workers).freeze();
  await scene.wait(5);
  await thaw();
}

const REPERTOIRE: readonly (readonly [name: string, fault: (scene: Scene) => Promise<void>])[] = [
  ['leader killed', killLeader],
  ['follower killed', killFollower],
  ['leader frozen', freezeLeader],
  ['all nodes killed', killAll],
  ['memory alarm', outOfMemory],
  ['worker killed', killOne(({ workers }) => workers)],
  ['worker frozen', freezeWorkerShortly],
  ['gateway killed', killOne(({ gateways }) => gateways)],
];

/** Faults at random, one after another, with some seconds of peace between them. */
export const soak = (minutes: number): Row => ({
  id: 'F33',
  title: `${minutes} min of faults at random`,
  nodes: 3,
  rate: 30,
  bounds: { gapSeconds: 60, recoverySeconds: 60 },
  drainSeconds: 120,
  play: async (scene) => {
    const played = new Map<string, number>();
    for (const end = Date.now() + minutes * 60_000; Date.now() < end;) {
      const [name, fault] = scene.pick(REPERTOIRE);
      console.log(`  ${name}`);
      await fault(scene);
      played.set(name, (played.get(name) ?? 0) + 1);
      await scene.wait(3 + scene.random() * 7);
    }
    scene.note([...played].map(([name, count]) => `${name} ${count}×`).join(', '));
  },
});
