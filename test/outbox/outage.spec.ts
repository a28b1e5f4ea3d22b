import { setTimeout as sleep } from 'node:timers/promises';
import { takeTexts } from '../gateway/test-gateway.js';
import { startRabbit, startRedis, type Service } from '../support/services.ts';
import { until } from '../support/until.js';
import { messageIdOf, sharedKeys, startGateway, type Gateway } from './gateways.js';
import { refusingBrokerSuite } from './refusing-broker.suite.js';

/** OUTAGE_SECONDS=30 OUTAGE_RATE=200 npm run jest -- test/outbox/outage makes a longer one. */
const SECONDS = Number(process.env.OUTAGE_SECONDS ?? 5);
const RATE = Number(process.env.OUTAGE_RATE ?? 40);

let rabbit: Service;
beforeAll(async () => {
  rabbit = await startRabbit();
}, 120_000);
afterAll(() => rabbit.stop());

refusingBrokerSuite('RabbitMQ', () => rabbit.url);

describe('RabbitMQ is killed and comes back, with two gateways under load', () => {
  let redis: Service;
  let gateways: readonly [Gateway, Gateway];
  beforeAll(async () => {
    redis = await startRedis();
    const environment = { ...sharedKeys(), RABBITMQ_URL: rabbit.url, REDIS_URL: redis.url };
    gateways = [await startGateway(environment), await startGateway(environment)];
    for (const gateway of gateways) await gateway.connected();
  }, 60_000);
  afterAll(async () => {
    for (const gateway of gateways) await gateway.close();
    await redis.stop();
  });

  it(
    'no request fails, no text is lost, none waits longer than the outage by much',
    async () => {
      const texts = await takeTexts(rabbit.url);
      const statuses = new Map<number, number>();
      const acceptedAt = new Map<string, number>();
      let slowest = 0;
      const ask = async (gateway: Gateway) => {
        const begin = performance.now();
        const answer = await gateway.start();
        slowest = Math.max(slowest, performance.now() - begin);
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        if (answer.status === 202) acceptedAt.set(messageIdOf(answer), performance.now());
      };
      const load = { on: true };
      const asked: Promise<void>[] = [];
      const begin = performance.now();
      const asking = (async () => {
        while (load.on) {
          const due = ((performance.now() - begin) / 1000) * RATE;
          while (asked.length < due) asked.push(ask(gateways[asked.length % 2]!));
          await sleep(10);
        }
      })();

      await until('requests before the outage', 10, () => acceptedAt.size >= RATE);
      const [killed] = [performance.now(), await rabbit.kill()];
      await until('the outage is over', SECONDS + 10, () => performance.now() - killed >= SECONDS * 1000);
      await rabbit.restart();
      const again = await reconnect(rabbit.url);
      const back = performance.now();
      const direct = () => gateways[0].metric('otpost_verifications_started_total{outcome="queued"}');
      const before = await direct();
      await until('requests publish again', 30, async () => (await direct()) > before + RATE / 4);
      load.on = false;
      await asking;
      await Promise.all(asked);
      for (const gateway of gateways) await gateway.emptied();
      const arrivedAt = new Map([...texts.arrivedAt, ...again.arrivedAt]);
      await until('every text has arrived', 30, () => {
        for (const [messageId, at] of again.arrivedAt) if (!arrivedAt.has(messageId)) arrivedAt.set(messageId, at);
        return [...acceptedAt.keys()].every((messageId) => arrivedAt.has(messageId));
      });

      expect([...statuses.keys()]).toEqual([202]);
      expect(new Set(arrivedAt.keys())).toEqual(new Set(acceptedAt.keys()));
      const cutOff = await sum(gateways, 'otpost_events_published_total{pattern="sms.send",outcome="cut-off"}');
      const deliveries = [texts, again].reduce((count, { all, redelivered }) => count + all.length - redelivered, 0);
      const repeated = deliveries - arrivedAt.size;
      expect(repeated).toBeLessThanOrEqual(cutOff);
      const waits = [...acceptedAt].map(([messageId, at]) => (arrivedAt.get(messageId)! - at) / 1000);
      const longest = Math.max(...waits);
      expect(longest).toBeLessThan((back - killed) / 1000 + 10);
      if (process.env.OUTAGE_SECONDS)
        console.info({
          requests: asked.length,
          statuses: Object.fromEntries(statuses),
          slowestMs: Math.round(slowest),
          outageSeconds: (back - killed) / 1000,
          texts: arrivedAt.size,
          repeated,
          cutOff,
          relayed: await sum(gateways, 'otpost_outbox_relayed_total{outcome="confirmed"}'),
          longestWaitSeconds: longest,
          lastArrivalAfterReturnSeconds: (Math.max(...arrivedAt.values()) - back) / 1000,
        });
      await texts.close();
      await again.close();
    },
    (SECONDS + 120) * 1000,
  );
});

/** A port that is open is not yet a broker that has its queues. */
const reconnect = (url: string) => until('the queue is there again', 60, () => takeTexts(url).catch(() => undefined));

const sum = async (gateways: readonly Gateway[], metric: string): Promise<number> =>
  (await Promise.all(gateways.map((gateway) => gateway.metric(metric)))).reduce((a, b) => a + b, 0);
