import type { Row } from '../row.js';
import { SEND_QUEUE, type Scene } from '../scene.js';
import type { Node } from '../cluster.js';

const others = ({ cluster }: Scene, node: Node) => cluster.nodes.filter((each) => each !== node);

/** kill -9 for some seconds, then the node comes back. */
async function killForAWhile(scene: Scene, node: Node, seconds: number): Promise<void> {
  scene.note(`${node.name} killed`);
  scene.injected();
  await node.kill();
  await scene.wait(seconds);
  await node.start();
  await scene.cluster.whole();
}

export const killLeader = async (scene: Scene): Promise<void> =>
  killForAWhile(scene, await scene.cluster.leaderOf(SEND_QUEUE), 5);

export const killFollower = async (scene: Scene): Promise<void> => {
  const leader = await scene.cluster.leaderOf(SEND_QUEUE);
  await killForAWhile(scene, scene.pick(others(scene, leader)), 5);
};

async function rollingRestart(scene: Scene): Promise<void> {
  scene.injected();
  for (const node of scene.cluster.nodes) {
    await node.stop();
    await node.start();
    await scene.cluster.whole();
  }
  scene.healed();
}

export async function killAll(scene: Scene): Promise<void> {
  const { nodes } = scene.cluster;
  scene.injected();
  await Promise.all(nodes.map((node) => node.kill()));
  await scene.wait(2);
  await Promise.all(nodes.map((node) => node.start()));
  await scene.cluster.whole();
  await scene.wait(5);
}

export async function freezeLeader(scene: Scene): Promise<void> {
  const leader = await scene.cluster.leaderOf(SEND_QUEUE);
  scene.note(`${leader.name} frozen`);
  scene.injected();
  const thaw = await leader.freeze();
  await scene.wait(15);
  await thaw();
  scene.healed();
  if (await scene.cluster.rejoined(leader)) scene.note(`${leader.name} came back partitioned, and was restarted`);
}

/** Longer than anybody waits for a broker: what is asked for meanwhile waits in the outbox. */
async function noBroker(scene: Scene): Promise<void> {
  const { nodes } = scene.cluster;
  scene.injected();
  await Promise.all(nodes.map((node) => node.kill()));
  await scene.wait(30);
  await Promise.all(nodes.map((node) => node.start()));
  await scene.cluster.whole();
  scene.healed();
  scene.note(`no broker for ${((scene.healedAt! - scene.injectedAt!) / 1000).toFixed(1)} s`);
}

/** While the quorum goes on without a node. */
const oneAway = { nodes: 3, bounds: { gapSeconds: 2, recoverySeconds: 10 } } as const;

export const nodeRows: readonly Row[] = [
  { ...oneAway, id: 'F01', title: 'the leader of the send queue is killed for 5 s', short: true, play: killLeader },
  { ...oneAway, id: 'F02', title: 'a follower of the send queue is killed for 5 s', play: killFollower },
  {
    ...oneAway,
    id: 'F03',
    title: 'the three nodes are restarted one after another',
    rate: 20, // it lasts for minutes
    play: rollingRestart,
  },
  {
    id: 'F04',
    title: 'all three nodes are killed and started again',
    nodes: 3,
    bounds: { gapSeconds: 60, recoverySeconds: 60 },
    play: killAll,
  },
  {
    id: 'F04b',
    title: 'no node for 30 s, at 200 requests a second',
    nodes: 1,
    rate: 200,
    bounds: { waitBeyondFaultSeconds: 45, recoverySeconds: 60 },
    drainSeconds: 120,
    play: noBroker,
  },
  {
    id: 'F05',
    title: 'the leader of the send queue is frozen for 15 s',
    nodes: 3,
    bounds: { gapSeconds: 12, recoverySeconds: 20 },
    play: freezeLeader,
  },
];
