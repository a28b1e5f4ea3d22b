import type { Row } from '../row.js';
import type { Scene } from '../scene.js';

type Command = readonly string[];

/** One node's alarm blocks publishers at all nodes; consumers go on. */
async function alarm(scene: Scene, raise: Command, clear: Command): Promise<void> {
  const [node] = scene.cluster.nodes;
  scene.carrier.fail({ latencyMs: 1000 }); // so that texts are under way when it comes
  await scene.wait(2);
  scene.injected();
  await node!.ctl(...raise);
  await scene.wait(15);
  await node!.ctl(...clear);
  scene.healed();
  scene.carrier.heal();
}

export const outOfMemory = (scene: Scene): Promise<void> =>
  alarm(
    scene,
    ['set_vm_memory_high_watermark', 'absolute', '1MB'],
    ['set_vm_memory_high_watermark', 'absolute', '2GB'],
  );

const outOfDisk = (scene: Scene): Promise<void> =>
  alarm(scene, ['set_disk_free_limit', '100000GB'], ['set_disk_free_limit', '50MB']);

const blocked = { nodes: 1, bounds: { recoverySeconds: 15, answerSeconds: 4 } } as const;

export const alarmRows: readonly Row[] = [
  { ...blocked, id: 'F16', title: "RabbitMQ's memory alarm for 15 s", play: outOfMemory },
  { ...blocked, id: 'F17', title: "RabbitMQ's disk alarm for 15 s", play: outOfDisk },
];
