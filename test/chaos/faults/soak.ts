import { withChannel } from '../../support/broker-view.js';
import { slopeOf, TIDY_HEAP } from '../memory.js';
import type { AppProcess } from '../processes.js';
import { isTerminal, queuesOf } from '../queues.js';
import type { Row } from '../row.js';
import { SEND_QUEUE, type Scene } from '../scene.js';
import { outOfMemory } from './alarms.js';
import { freezeLeader, killAll, killFollower, killLeader } from './nodes.js';

const RATE = 30;
const PEACE_SECONDS = { least: 3, most: 10 };
/** Below this the caches that fill up and the heap that settles are all one sees. */
const MINUTES_TO_JUDGE_MEMORY = 10;
const MB_A_MINUTE = 1;

/** The first of each role is spared from being killed: its memory is one unbroken series. */
const killOne = (group: (scene: Scene) => readonly AppProcess[]) => async (scene: Scene) => {
  const process = scene.pick(group(scene).slice(1));
  await process.kill();
  await scene.wait(1);
  await process.start();
};

async function freezeWorkerShortly(scene: Scene): Promise<void> {
  const thaw = await scene.pick(scene.workers).freeze();
  await scene.wait(5);
  await thaw();
}

/** The broker's end of it dies, of a connection that only publishes. */
async function cutPublisher(scene: Scene): Promise<void> {
  const { alive } = scene.cluster;
  const channels = await alive.ctl('list_channels', 'connection', 'consumer_count', '--no-table-headers');
  const publishers = channels.split('\n').flatMap((line) => /^(<.+>)\s+0$/.exec(line)?.[1] ?? []);
  await alive.eval(`exit(rabbit_misc:string_to_pid("${scene.pick(publishers)}"), kill).`);
}

/** Deleting a queue takes what is in it; so load stops until nothing is under way, and comes back the moment it is gone. */
async function deleteQueue(scene: Scene): Promise<void> {
  await scene.client.settled();
  await scene.delivered(30);
  const passing = (await queuesOf(scene.cluster)).filter((queue) => !isTerminal(queue));
  if (await scene.atRest(passing, Date.now() + 60_000))
    await withChannel(scene.cluster.alive.url, (channel) => channel.deleteQueue(SEND_QUEUE));
  scene.client.begin(RATE);
}

/** Its append-only file brings back what it had confirmed; requests are refused meanwhile. */
async function restartRedis(scene: Scene): Promise<void> {
  await scene.redis.kill();
  await scene.wait(2);
  await scene.redis.restart();
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
  ['publisher cut', cutPublisher],
  ['queue deleted', deleteQueue],
  ['Redis restarted', restartRedis],
];

/** Faults at random, one after another, with some seconds of peace between them. */
async function faultsAtRandom(scene: Scene, minutes: number): Promise<void> {
  const played = new Map<string, number>();
  const began = Date.now();
  while (Date.now() < began + minutes * 60_000) {
    const [name, fault] = scene.pick(REPERTOIRE);
    console.log(`  ${((Date.now() - began) / 60_000).toFixed(1)} min: ${name}`);
    scene.injected();
    await fault(scene);
    scene.healed();
    played.set(name, (played.get(name) ?? 0) + 1);
    await scene.wait(PEACE_SECONDS.least + scene.random() * (PEACE_SECONDS.most - PEACE_SECONDS.least));
  }
  scene.note([...played].map(([name, count]) => `${name} ${count}×`).join(', '));
  judgeMemory(scene, began, minutes);
}

/** Of the second half, when whatever fills up once has filled up. */
function judgeMemory(scene: Scene, began: number, minutes: number): void {
  const half = began + (Date.now() - began) / 2;
  const judged = minutes >= MINUTES_TO_JUDGE_MEMORY;
  for (const { app, memory } of [scene.gateways[0]!, scene.workers[0]!]) {
    const slope = slopeOf(memory.filter(({ at }) => at >= half));
    const said = slope === undefined ? 'unknown' : `${slope.toFixed(2)} MB a minute`;
    scene.note(`memory of the ${app} that lived: ${said}${judged ? '' : ', too short a run to say anything'}`);
    if (judged) scene.expect(slope !== undefined && slope < MB_A_MINUTE, `the memory of the ${app} grew: ${said}`);
  }
}

export const soak = (minutes: number): Row => ({
  id: 'F33',
  title: `${minutes} min of faults at random`,
  nodes: 3,
  rate: RATE,
  nodeOptionsOf: () => TIDY_HEAP,
  // Gateways are killed, and Redis is restarted.
  bounds: { refused: 'any', unanswered: 'any', gapSeconds: 60, recoverySeconds: 60 },
  drainSeconds: 120,
  play: (scene) => faultsAtRandom(scene, minutes),
});
