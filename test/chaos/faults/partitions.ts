import type { Row } from '../row.js';
import { SEND_QUEUE, type Scene } from '../scene.js';

const handling = (scene: Scene, mode: 'ignore' | 'pause_minority') =>
  Promise.all(
    scene.cluster.nodes.map((node) => node.eval(`application:set_env(rabbit, cluster_partition_handling, ${mode}).`)),
  );

async function isolateLeader(scene: Scene): Promise<void> {
  const leader = await scene.cluster.leaderOf(SEND_QUEUE);
  scene.note(`${leader.name} isolated`);
  scene.injected();
  const heal = await scene.cluster.isolate(leader);
  await scene.wait(20);
  await heal();
  scene.healed();
  if (await scene.cluster.rejoined(leader)) scene.note(`${leader.name} came back partitioned, and was restarted`);
}

/**
 * The first gateway's node is cut off and, told to ignore it, keeps its clients: they publish to a minority, which confirms
 * nothing. After the heal such a node has to be restarted.
 */
async function isolateClient(scene: Scene): Promise<void> {
  const node = scene.cluster.nodes[0]!;
  await handling(scene, 'ignore');
  scene.injected();
  const heal = await scene.cluster.isolate(node);
  await scene.wait(15);
  await heal();
  await node.kill();
  await node.start();
  await handling(scene, 'pause_minority');
  await scene.cluster.whole(90);
  scene.healed();
}

export const partitionRows: readonly Row[] = [
  {
    id: 'F06',
    title: 'the leader of the send queue is cut off from the others for 20 s',
    nodes: 3,
    bounds: { gapSeconds: 35, recoverySeconds: 35 },
    play: isolateLeader,
  },
  {
    id: 'F07',
    title: 'a gateway publishes to a node in the minority for 15 s: answered, not hanging',
    nodes: 3,
    bounds: { gapSeconds: 35, recoverySeconds: 35, answerSeconds: 6 },
    play: isolateClient,
  },
];
