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
  const refusedAt = new Map<string, number>();
  scene.carrier.onRequest = (to) => {
    if (!refusedAt.has(to)) refusedAt.set(to, Date.now());
  };
  scene.carrier.fail({ failFirst: 1, code: 'busy' });
  scene.injected();
  worker!.signal('SIGUSR2');
  await scene.wait(6);
  const late = lateness(scene, refusedAt);
  scene.note(`an hour back: second attempts came ${late.toFixed(2)} s after their wait at most`);
  scene.expect(late < 1.5, `a retry came ${late.toFixed(1)} s late`);
  worker!.signal('SIGUSR2');
  await scene.wait(6);
  worker!.signal('SIGUSR2');
  scene.healed();
  scene.carrier.heal();
}

const WAIT_MS = 3000;

function lateness({ carrier }: Scene, refusedAt: ReadonlyMap<string, number>): number {
  const waits = carrier.texts.map(({ to, at }) => at - (refusedAt.get(to) ?? at)).filter((wait) => wait > 1000);
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
