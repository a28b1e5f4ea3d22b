import { until } from '../../support/until.ts';
import { TIDY_HEAP } from '../memory.js';
import type { Row } from '../row.js';
import type { Scene } from '../scene.js';

/** One proxy a process, gateways first. */
const proxyEverybody = (scene: Scene) =>
  scene.interpose(['gateway', 0], ['gateway', 1], ['sms-worker', 0], ['sms-worker', 1]);

/** The broker has the publish; its confirm meets a broken connection: the outbox publishes it once more. */
async function cutBeforeTheConfirm(scene: Scene): Promise<void> {
  let cuts = 0;
  scene.injected();
  for (let round = 0; round < 10; round++) {
    const proxy = scene.proxies[round % 2]!;
    const before = cuts;
    proxy.rule = (frame, direction, link) => {
      if (direction !== 'to-client' || frame.method !== 'basic.ack') return true;
      cuts++;
      proxy.rule = () => true;
      proxy.cutLink(link);
      return false;
    };
    await until('a confirm is on the wire', 10, () => cuts > before);
    await scene.wait(0.5);
  }
  scene.healed();
  scene.note(`${cuts} connections cut`);
}

/** One gateway's and one worker's connections go dead; nobody is told. */
async function goSilent(scene: Scene): Promise<void> {
  const silent = [scene.proxies[0]!, scene.proxies[2]!];
  const before = silent.map(({ opened }) => opened);
  scene.injected();
  for (const proxy of silent) proxy.silence();
  const noticed = silent.map((proxy, n) =>
    until('the silence is noticed', 45, () => proxy.opened > before[n]!).then(
      () => (Date.now() - scene.injectedAt!) / 1000,
    ),
  );
  const [gateway, worker] = await Promise.all(noticed);
  scene.note(`noticed by the gateway after ${gateway!.toFixed(1)} s, by the worker after ${worker!.toFixed(1)} s`);
  scene.expect(Math.max(gateway!, worker!) < 35, 'a silent connection was noticed only after 35 s');
  scene.healed();
  await until('the gateway is ready', 20, () => scene.gateways[0]!.isReady());
}

async function countOf(scene: Scene, what: 'list_connections' | 'list_channels' | 'list_consumers'): Promise<number> {
  const column = { list_connections: 'pid', list_channels: 'pid', list_consumers: 'queue_name' }[what];
  const rows = await scene.cluster.alive.ctl(what, column, '--no-table-headers');
  return rows.split('\n').filter(Boolean).length;
}

async function reconnectOften(scene: Scene): Promise<void> {
  const rounds = 100;
  const census = async () => {
    const counts = [];
    for (const what of ['list_connections', 'list_channels', 'list_consumers'] as const)
      counts.push(await countOf(scene, what));
    return counts.join(', ');
  };
  const before = await census();
  const links = scene.proxies.map((proxy) => proxy.links.size);
  scene.injected();
  for (let round = 0; round < rounds; round++) {
    for (const proxy of scene.proxies) proxy.cut();
    await scene.wait(0.2);
    await until('everybody is connected again', 20, () =>
      scene.proxies.every((proxy, n) => proxy.links.size >= links[n]!),
    );
  }
  scene.healed();
  await until('everybody is ready', 30, async () =>
    (await Promise.all(scene.processes.map((each) => each.isReady()))).every(Boolean),
  );
  await scene.wait(3);
  const after = await census();
  scene.note(`connections, channels, consumers: ${before} before ${rounds} reconnects, ${after} after`);
  scene.expect(after === before, 'reconnecting changed how many connections, channels or consumers there are');
}

export const wireRows: readonly Row[] = [
  {
    id: 'F14',
    title: 'the connection breaks after a publish and before its confirm, ten times',
    nodes: 1,
    bounds: { gapSeconds: 5, recoverySeconds: 10 },
    prepare: proxyEverybody,
    play: cutBeforeTheConfirm,
  },
  {
    id: 'F15',
    title: "a gateway's and a worker's connections go dead without a word",
    nodes: 1,
    bounds: { gapSeconds: 5, recoverySeconds: 10, answerSeconds: 6 },
    prepare: proxyEverybody,
    play: goSilent,
  },
  {
    id: 'F36',
    title: 'every connection breaks a hundred times',
    nodes: 1,
    rate: 20,
    bounds: { recoverySeconds: 10 },
    // What each reconnect left behind would be too much for it.
    nodeOptionsOf: () => TIDY_HEAP,
    prepare: proxyEverybody,
    play: reconnectOften,
  },
];
