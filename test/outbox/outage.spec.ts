import { setTimeout as sleep } from 'node:timers/promises';
import { takeTexts } from '../gateway/test-gateway.js';
import { startRabbit, startRedis, type Service } from '../support/services.ts';
import { until } from '../support/until.js';
import { messageIdOf, runGateway, sharedKeys, type GatewayProcess } from './gateways.js';
import { refusingBrokerSuite } from './refusing-broker.suite.js';

/** OUTAGE_SECONDS=30 OUTAGE_RATE=200 npm run jest -- test/outbox/outage makes a longer one, and prints what it measured. */
const SECONDS = Number(process.env.OUTAGE_SECONDS ?? 5);
const RATE = Number(process.env.OUTAGE_RATE ?? 40);
/** Callers that wait for an answer before they ask again: a machine that is too slow lowers the rate, and nothing else. */
const CALLERS = 40;

let rabbit: Service;
beforeAll(async () => {
  rabbit = await startRabbit();
}, 120_000);
afterAll(() => rabbit.stop());

refusingBrokerSuite('RabbitMQ', () => rabbit.url);

describe('RabbitMQ is killed and comes back, with two gateways under load', () => {
  let redis: Service;
  let gateways: GatewayProcess[] = [];
  beforeAll(async () => {
    redis = await startRedis();
    const environment = { ...sharedKeys(), RABBITMQ_URL: rabbit.url, REDIS_URL: redis.url };
    gateways = [await runGateway(environment), await runGateway(environment)];
    for (const gateway of gateways) await gateway.connected();
  }, 60_000);
  afterAll(async () => {
    for (const gateway of gateways) gateway.kill('SIGKILL');
    await Promise.all(gateways.map(({ ended }) => ended));
    await redis.stop();
  });

  const sum = async (metric: string): Promise<number> =>
    (await Promise.all(gateways.map((gateway) => gateway.metric(metric)))).reduce((a, b) => a + b, 0);

  it(
    'no request fails, no text is lost, none waits longer than the outage by much',
    async () => {
      const before = await takeTexts(rabbit.url);
      const load = ask(gateways);
      let killed: number, back: number;
      try {
        await until('requests before the outage', 10, () => load.acceptedAt.size >= RATE);
        killed = performance.now();
        await rabbit.kill();
        await until('the outage is long enough', SECONDS + 10, () => performance.now() - killed >= SECONDS * 1000);
        await rabbit.restart();
        back = performance.now();
        const direct = await sum('otpost_verifications_started_total{outcome="queued"}');
        await until(
          'requests publish again',
          60,
          async () => (await sum('otpost_verifications_started_total{outcome="queued"}')) > direct,
        );
      } finally {
        await load.stop();
      }
      const after = await takeTexts(rabbit.url);
      for (const gateway of gateways) await gateway.emptied();
      const arrivedAt = () => new Map([...after.arrivedAt, ...before.arrivedAt]);
      await until('every text has arrived', 30, () => {
        const arrived = arrivedAt();
        return [...load.acceptedAt.keys()].every((messageId) => arrived.has(messageId));
      });

      expect([...load.answers.keys()]).toEqual(['202']);
      const arrived = arrivedAt();
      expect(new Set(arrived.keys())).toEqual(new Set(load.acceptedAt.keys()));
      const cutOff = await sum('otpost_events_published_total{pattern="sms.send",outcome="cut-off"}');
      const deliveries = [before, after].reduce((count, { all, redelivered }) => count + all.length - redelivered, 0);
      expect(deliveries - arrived.size).toBeLessThanOrEqual(cutOff); // the broker may have had those
      const waits = [...load.acceptedAt].map(([messageId, at]) => (arrived.get(messageId)! - at) / 1000);
      expect(Math.max(...waits)).toBeLessThan((back - killed) / 1000 + 30);
      if (process.env.OUTAGE_SECONDS)
        console.info({
          answers: Object.fromEntries(load.answers),
          slowestAnswerMs: Math.round(load.slowest()),
          secondsWithoutBroker: (back - killed) / 1000,
          texts: arrived.size,
          repeated: deliveries - arrived.size,
          cutOff,
          relayed: await sum('otpost_outbox_relayed_total{outcome="confirmed"}'),
          longestWaitSeconds: Math.max(...waits),
          emptyAgain: gateways.flatMap((gateway) => gateway.logged().filter(({ msg }) => msg.includes('outbox'))),
        });
      await before.close();
      await after.close();
    },
    (SECONDS + 120) * 1000,
  );
});

/** Asks for texts, one gateway after the other, RATE times a second. */
function ask(gateways: readonly GatewayProcess[]) {
  const acceptedAt = new Map<string, number>();
  /** How often each kind of answer was given: 202, or whatever else there was. */
  const answers = new Map<string, number>();
  const begin = performance.now();
  let asked = 0;
  let slowest = 0;
  let on = true;
  const caller = async () => {
    while (on) {
      const n = asked++;
      await sleep(begin + (n * 1000) / RATE - performance.now());
      const sent = performance.now();
      const answer = await gateways[n % gateways.length]!.start(`+86139${String(n).padStart(8, '0')}`);
      slowest = Math.max(slowest, performance.now() - sent);
      const kind = answer.status === 202 ? '202' : JSON.stringify(answer.body);
      answers.set(kind, (answers.get(kind) ?? 0) + 1);
      if (answer.status === 202) acceptedAt.set(messageIdOf(answer), performance.now());
    }
  };
  const callers = Array.from({ length: CALLERS }, caller);
  return {
    acceptedAt,
    answers,
    slowest: () => slowest,
    async stop() {
      on = false;
      await Promise.all(callers);
    },
  };
}
