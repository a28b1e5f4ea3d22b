import type { Row } from '../row.js';
import type { Scene } from '../scene.js';

/** Preloaded into a worker: SIGUSR2 sets its clock an hour back, then an hour ahead of the right time, then right again. */
const JUMPING_CLOCK = `
const Real = Date, jumps = [-3600_000, 3600_000, 0];
let ahead = 0, next = 0;
globalThis.Date = class Date extends Real {
  constructor(...parts) { if (parts.length > 0) super(...parts); else super(Real.now() + ahead); }
  static now() { return Real.now() + ahead; }
};
process.on('SIGUSR2', () => { ahead = jumps[next++ % 3]; });
`;

/** The waits are the broker's: a retry comes when it would have come. */
async function jump(scene: Scene): Promise<void> {
  const [worker] = scene.workers;
  scene.carrier.fail({ failFirst: 1, code: 'busy' });
  scene.injected();
  worker!.signal('SIGUSR2');
  await scene.wait(6);
  const late = lateness(scene);
  scene.note(`an hour back: second attempts came ${late.toFixed(2)} s after their wait at most`);
  scene.expect(late < 4, `a retry came ${late.toFixed(1)} s late`);
  worker!.signal('SIGUSR2');
  await scene.wait(6);
  worker!.signal('SIGUSR2');
  scene.healed();
  scene.carrier.heal();
}

const WAIT_MS = 3000;

function lateness({ client, carrier }: Scene): number {
  const asked = new Map(client.requests.map(({ to, askedAt }) => [to, askedAt]));
  const waits = carrier.texts.map(({ to, at }) => at - asked.get(to)!).filter((wait) => wait >= WAIT_MS);
  return Math.max(0, ...waits.map((wait) => wait - WAIT_MS)) / 1000;
}

export const clockRows: readonly Row[] = [
  {
    id: 'F32',
    title: "a worker's clock jumps an hour back, then an hour ahead",
    nodes: 1,
    bounds: { expired: 'any' },
    nodeOptionsOf: (app, n) =>
      app === 'sms-worker' && n === 0 ? ['--import', `data:text/javascript,${encodeURIComponent(JUMPING_CLOCK)}`] : [],
    play: jump,
  },
];
