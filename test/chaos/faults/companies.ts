import { until } from '../../support/until.ts';
import { nextNumber } from '../client.js';
import { otpost } from '../processes.js';
import type { Row } from '../row.js';
import { DEAD_QUEUE, type Scene } from '../scene.js';

const ILL_SECONDS = 60;
/** Texts whose attempts are used up. */
const GIVEN_UP = 3;

/** The only company refuses everything for a minute, under load; then a few numbers, until their texts are given up. */
async function failAllTheTime(scene: Scene): Promise<void> {
  const { carrier, client, gateways } = scene;
  const [askedBefore, textsBefore] = [carrier.calls, client.requests.length];
  scene.injected();
  carrier.fail({ code: 'busy' });
  await scene.wait(ILL_SECONDS);
  const [calls, texts] = [carrier.calls - askedBefore, client.requests.length - textsBefore];
  carrier.heal();
  scene.healed();
  scene.note(`asked ${calls} times for ${texts} texts while it failed`);
  scene.expect(calls < texts / 4, 'the company was stormed');
  await scene.delivered(90);

  const doomed = scene.plainTexts(GIVEN_UP);
  for (const { to } of doomed) carrier.fail({ to, code: 'busy' });
  await scene.publish(doomed);
  await until('their attempts are used up', 60, async () => (await scene.ready(DEAD_QUEUE)) >= GIVEN_UP);
  carrier.heal();
  const replay = otpost(['dead-letters', 'replay', '--yes'], { OTPOST_URL: gateways[0]!.url });
  scene.expect((await replay.ended) === 0, `the replay did not end with 0: ${replay.output()}`);
  await scene.delivered(30);
}

const COME_BACK_SECONDS = 10;
/** Within this every worker has heard it from the company. */
const ALL_KNOW_SECONDS = 2;

async function sayWhenToComeBack(scene: Scene): Promise<void> {
  const { carrier, client } = scene;
  const asked: { to: string; at: number }[] = [];
  carrier.onRequest = (to) => void asked.push({ to, at: Date.now() });
  carrier.fail({ code: 'busy', retryAfterSeconds: COME_BACK_SECONDS });
  scene.injected();
  await client.burst(20);
  await until('the company has refused', 5, () => asked.length > 0);
  const first = asked[0]!.at;
  await scene.wait(ALL_KNOW_SECONDS);
  await client.burst(20);
  await until('it may be asked again soon', 10, () => Date.now() > first + (COME_BACK_SECONDS - 1) * 1000);
  carrier.heal();
  scene.healed();
  const tooSoon = asked.filter(({ at }) => at > first + ALL_KNOW_SECONDS * 1000);
  scene.expect(tooSoon.length === 0, `asked ${tooSoon.length} times before it had said`);
  await scene.delivered(40);
  const waits = asked.flatMap(({ to, at }, n) => {
    const next = asked.slice(n + 1).find((again) => again.to === to);
    return next ? [(next.at - at) / 1000] : [];
  });
  scene.note(`${waits.length} asked for again, after ${Math.min(...waits).toFixed(1)} s at the earliest`);
  scene.expect(waits.length > 0 && Math.min(...waits) >= COME_BACK_SECONDS, 'a text came back before its time');
}

const PLACES = 10;
const HELD = 60;

/** Texts to some numbers get no answer, or half of one, and hold every place; the others must get theirs. */
async function neverAnswer(scene: Scene): Promise<void> {
  const { carrier, client } = scene;
  const held = Array.from({ length: HELD }, nextNumber);
  held.forEach((to, n) => carrier.fail({ to, [n % 2 === 0 ? 'hang' : 'stall']: 'before' }));
  let most = 0;
  carrier.onRequest = () => void (most = Math.max(most, carrier.inFlight));
  scene.injected();
  await Promise.all(held.map((to) => client.ask(to)));
  await until('every place is held', 10, () => carrier.inFlight >= 2 * PLACES);
  await client.burst(100);
  const others = () => scene.waiting().filter(({ to }) => !held.includes(to)).length;
  await until('all others have arrived', 20, () => others() === 0);
  scene.note(`the others arrived within ${((Date.now() - scene.injectedAt!) / 1000).toFixed(1)} s`);
  // The company may notice a connection that was given up after the next one has come.
  scene.expect(most <= 3 * PLACES, `${most} requests at once from workers with ${PLACES} places each`);
  carrier.heal();
  scene.healed();
  await scene.delivered(90);
}

export const companyRows: readonly Row[] = [
  {
    id: 'F24',
    title: `the company refuses everything for ${ILL_SECONDS} s, then a few texts until they are given up`,
    nodes: 1,
    rate: 10,
    settings: { SMS_BREAKER_FAILURES: '5', SMS_BREAKER_OPEN_SECONDS: '5' },
    bounds: { waitBeyondFaultSeconds: 75 },
    play: failAllTheTime,
  },
  {
    id: 'F25',
    title: `the company says to come back after ${COME_BACK_SECONDS} s`,
    nodes: 1,
    rate: 0,
    // With one attempt a text that used one up would be a dead letter.
    settings: { SMS_PROVIDERS: 'webhook', SMS_MAX_ATTEMPTS: '1' },
    bounds: {},
    play: sayWhenToComeBack,
  },
  {
    id: 'F26',
    title: `the company never answers, or stops in the middle, for ${HELD} texts with ${2 * PLACES} places`,
    nodes: 1,
    rate: 0,
    settings: { SMS_SEND_TIMEOUT_SECONDS: '2', SMS_CONCURRENCY: String(PLACES), SMS_MAX_ATTEMPTS: '6' },
    bounds: {},
    play: neverAnswer,
  },
];
