import { until } from '../../support/until.ts';
import { nextNumber } from '../client.js';
import type { Row } from '../row.js';
import type { Scene } from '../scene.js';

/** Short, so that the ledger's lease of a dead worker is over soon. */
const SHORT_SENDS = { SMS_SEND_TIMEOUT_SECONDS: '3' };

/** The company takes each text and does not answer: nobody but the company knows of it when the worker dies. */
async function killInFull(scene: Scene): Promise<void> {
  const [worker] = scene.workers;
  scene.carrier.fail({ hang: 'after' });
  await scene.publish(scene.plainTexts(1000));
  const underWay = await scene.thousandUnderWay();
  scene.injected();
  await worker!.kill();
  scene.carrier.heal();
  await worker!.start();
  scene.healed();
  await scene.client.burst(10);
  await until('each is asked for again', 60, () => scene.carrier.repeats >= underWay);
}

/** Between the two writes of a retry: the copy is confirmed, and the original's ack never reaches the broker. */
async function killBetweenCopyAndAck(scene: Scene): Promise<void> {
  const [worker] = scene.workers;
  const [proxy] = scene.proxies;
  const rounds = scene.rounds(3);
  for (let round = 0; round < rounds; round++) {
    const to = nextNumber();
    scene.carrier.fail({ to, failFirst: 1, code: 'busy' });
    let copied = false;
    let killed = false;
    proxy!.rule = (frame, direction) => {
      if (direction === 'to-broker' && frame.routingKey?.includes('.retry.')) copied = true;
      if (killed || (copied && direction === 'to-broker' && frame.method === 'basic.ack')) {
        if (!killed) worker!.signal('SIGKILL');
        killed = true;
        return false;
      }
      return true;
    };
    await scene.client.ask(to);
    if (round === 0) scene.injected();
    await until('the ack is on the wire', 10, () => killed);
    await worker!.end();
    proxy!.rule = () => true;
    proxy!.cut();
    await worker!.start();
    await until('the text arrives', 30, () => scene.carrier.texts.some((text) => text.to === to));
  }
  scene.healed();
  await scene.wait(4); // the confirmed copies come back as well
  await scene.client.burst(10);
}

/** The company has said yes to itself, and no byte of it has left. */
async function killBetweenYesAndNote(scene: Scene): Promise<void> {
  const [worker] = scene.workers;
  const rounds = 5;
  for (let round = 0; round < rounds; round++) {
    const to = nextNumber();
    scene.carrier.fail({ to, hang: 'after' });
    let killed = false;
    scene.carrier.onText = (number) => {
      if (number !== to) return;
      worker!.signal('SIGKILL');
      killed = true;
    };
    if (round === 0) scene.injected();
    await scene.client.ask(to);
    await until('the company has the text', 10, () => killed);
    await worker!.end();
    scene.carrier.heal(to);
    await worker!.start();
  }
  scene.healed();
  await scene.client.burst(10);
  await until('each is asked for again', 60, () => scene.carrier.repeats >= rounds);
  scene.note(`${scene.carrier.repeats} asked for again under the same reference, and refused as repetitions`);
}

async function stopInFull(scene: Scene): Promise<void> {
  const [worker] = scene.workers;
  scene.carrier.fail({ latencyMs: 6000 });
  await scene.publish(scene.plainTexts(1000));
  await scene.thousandUnderWay();
  scene.injected();
  worker!.signal('SIGTERM');
  await scene.wait(1);
  worker!.signal('SIGTERM');
  const code = await worker!.end();
  scene.note(`ended with ${code} after ${((Date.now() - scene.injectedAt!) / 1000).toFixed(1)} s`);
  scene.expect(code === 0, `the worker ended with ${code}`);
  const repeats = scene.carrier.repeats;
  scene.carrier.heal();
  await worker!.start();
  scene.healed();
  await scene.client.burst(10);
  await scene.delivered(30);
  scene.expect(scene.carrier.repeats === repeats, 'texts that had been answered were asked for again');
}

async function freezeWorker(scene: Scene): Promise<void> {
  const [worker] = scene.workers;
  scene.carrier.fail({ latencyMs: 300 }); // so that it is frozen with texts under way
  await scene.wait(2);
  scene.injected();
  const thaw = await worker!.freeze();
  await scene.wait(35);
  await thaw();
  scene.healed();
  await until('the worker is ready again', 30, () => worker!.isReady());
  scene.carrier.heal();
}

export const workerDeathRows: readonly Row[] = [
  {
    id: 'F08',
    title: 'the worker is killed with 1000 texts under way that the company has taken',
    nodes: 1,
    workers: 1,
    rate: 0,
    settings: { SMS_SEND_TIMEOUT_SECONDS: '8' },
    bounds: { recoverySeconds: 20 },
    play: killInFull,
  },
  {
    id: 'F09',
    title: 'the worker is killed between the confirmed retry copy and the ack',
    nodes: 1,
    short: true,
    workers: 1,
    rate: 0,
    settings: SHORT_SENDS,
    bounds: {},
    prepare: (scene) => scene.interpose(['sms-worker', 0]),
    play: killBetweenCopyAndAck,
  },
  {
    id: 'F10',
    title: "the worker is killed between the company's yes and its own note, five times",
    nodes: 1,
    workers: 1,
    rate: 0,
    settings: SHORT_SENDS,
    bounds: {},
    play: killBetweenYesAndNote,
  },
  {
    id: 'F11',
    title: 'SIGTERM, and again, to the worker with 1000 texts under way',
    nodes: 1,
    workers: 1,
    rate: 0,
    bounds: { recoverySeconds: 20 },
    play: stopInFull,
  },
  {
    id: 'F12',
    title: 'a worker is frozen for 35 s, longer than its heartbeats allow',
    nodes: 1,
    bounds: { gapSeconds: 5, recoverySeconds: 30 },
    play: freezeWorker,
  },
];
