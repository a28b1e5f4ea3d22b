import { startEmbeddedBroker, type EmbeddedBroker } from '@app/embedded-broker';
import { takeTexts } from '../gateway/test-gateway.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { messageIdOf, startGateway, type Gateway } from './gateways.js';

const TIMEOUT_MS = 3000;

/** A broker that is connected and does not answer, as one that hangs or is cut off by a firewall. */
describe('a broker that says nothing', () => {
  let broker: EmbeddedBroker;
  let proxy: TcpProxy;
  let gateway: Gateway;
  let texts: Awaited<ReturnType<typeof takeTexts>>;

  beforeEach(async () => {
    broker = await startEmbeddedBroker();
    proxy = await TcpProxy.inFrontOf(broker.port);
    gateway = await startGateway({
      RABBITMQ_URL: broker.url.replace(`:${broker.port}`, `:${proxy.port}`),
      PUBLISH_TIMEOUT_SECONDS: String(TIMEOUT_MS / 1000),
    });
    await gateway.connected();
    texts = await takeTexts(broker.url);
  });
  afterEach(async () => {
    proxy.thaw();
    await gateway.close();
    await texts.close();
    await proxy.close();
    await broker.close();
  });

  const timed = async () => {
    const begin = performance.now();
    const answer = await gateway.start();
    return { answer, ms: performance.now() - begin };
  };
  const directly = () => gateway.metric('otpost_verifications_started_total{outcome="queued"}');

  it('holds the first request for the publish timeout, and nobody after it', async () => {
    proxy.freeze();
    const first = timed();
    await until('the first is under way', 5, async () => (await gateway.metric('otpost_outbox_entries')) >= 0);
    const meanwhile = Array.from({ length: 20 }, timed);
    const [{ ms, answer }, ...others] = await Promise.all([first, ...meanwhile]);
    expect(ms).toBeGreaterThanOrEqual(TIMEOUT_MS - 10);
    const after = [];
    for (let n = 0; n < 20; n++) after.push(await timed());
    for (const other of others) expect(other.ms).toBeLessThan(ms + 500);
    for (const each of after) expect(each.ms).toBeLessThan(TIMEOUT_MS / 2);
    const answers = [answer, ...[...others, ...after].map((each) => each.answer)];
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(41).fill(202));

    proxy.thaw();
    for (const each of answers) await texts.of(messageIdOf(each));
    await gateway.emptied();
    expect(texts.count).toBe(41);
  }, 60_000);

  it('is tried with one text at a time, and trusted again once it has confirmed one', async () => {
    proxy.freeze();
    await Promise.all(Array.from({ length: 30 }, timed));
    const timedOut = () => gateway.metric('otpost_outbox_relayed_total{outcome="timed-out"}');
    await until('the relay has tried', 30, async () => (await timedOut()) === 1);
    expect((await timed()).ms).toBeLessThan(TIMEOUT_MS / 2);
    expect(await directly()).toBe(0);

    proxy.thaw();
    await gateway.emptied();
    expect((await timed()).answer.status).toBe(202);
    expect(await directly()).toBe(1);
    expect(await timedOut()).toBeLessThanOrEqual(3);
    await until('all have arrived', 5, () => texts.count === 32);
  }, 60_000);
});
