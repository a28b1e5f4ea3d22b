import { startEmbeddedBroker, type EmbeddedBroker } from '@app/embedded-broker';
import { RedisOutbox } from '../../apps/gateway/src/outbox/redis-outbox.js';
import { connectedRedis } from '../gateway/stores.js';
import { takeTexts } from '../gateway/test-gateway.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { messageIdOf, runGateway, sharedKeys, startGateway, type GatewayProcess } from './gateways.js';

/** What a process leaves in the outbox is published by the others. */
describe('a gateway that ends', () => {
  let broker: EmbeddedBroker;
  let proxy: TcpProxy;
  let store: Awaited<ReturnType<typeof connectedRedis>>;
  let dying: GatewayProcess;
  const keys = sharedKeys();

  beforeEach(async () => {
    [broker, store] = await Promise.all([startEmbeddedBroker(), connectedRedis()]);
    proxy = await TcpProxy.inFrontOf(broker.port);
    dying = await runGateway({
      ...keys,
      RABBITMQ_URL: broker.url.replace(`:${broker.port}`, `:${proxy.port}`),
      REDIS_URL: store.url,
      PUBLISH_TIMEOUT_SECONDS: '4',
    });
    await dying.connected();
  }, 60_000);
  afterEach(async () => {
    dying.kill('SIGKILL');
    await dying.ended;
    await proxy.close();
    await store.close();
    await broker.close();
  });

  const start = () => dying.start();
  const saved = async () =>
    (await new RedisOutbox(store.redis).look(new Date())).reduce((sum, { entries }) => sum + entries, 0);
  const another = () =>
    startGateway({ ...keys, RABBITMQ_URL: broker.url, REDIS_URL: store.url, PUBLISH_TIMEOUT_SECONDS: '10' });

  it('killed after it has saved 20 texts and before it has published them: none is lost', async () => {
    const texts = await takeTexts(broker.url);
    proxy.freeze(); // what it writes to the broker dies with it
    const unanswered = Array.from({ length: 20 }, () => start().catch(() => 'no answer'));
    await until('all are saved', 4, async () => (await saved()) === 20);
    dying.kill('SIGKILL');
    expect(await dying.ended).toBe('SIGKILL');
    expect(await Promise.all(unanswered)).toEqual(Array<string>(20).fill('no answer'));
    await proxy.close();
    expect(texts.count).toBe(0);

    const heir = await another();
    await until('all have arrived', 20, () => texts.count === 20);
    await heir.emptied();
    expect(texts.all).toHaveLength(20);
    expect(heir.logged()).toContainEqual(expect.objectContaining({ reason: 'left by another process' }));
    expect(await saved()).toBe(0);
    await heir.close();
    await texts.close();
  }, 60_000);

  it('S49 killed under load: every text it has answered for arrives', async () => {
    const texts = await takeTexts(broker.url);
    const heir = await another();
    const accepted = new Set<string>();
    const ask = async (): Promise<void> => {
      const answer = await start().catch(() => undefined);
      if (answer?.status === 202) accepted.add(messageIdOf(answer));
      if (answer) return ask();
    };
    const askers = Array.from({ length: 20 }, ask);
    await until('it is busy', 20, () => accepted.size >= 200);
    dying.kill('SIGKILL');
    await Promise.all(askers);

    await until('all have arrived', 20, () => [...accepted].every((messageId) => texts.arrivedAt.has(messageId)));
    await until('nothing is left', 20, async () => (await saved()) === 0);
    await heir.close();
    await texts.close();
  }, 60_000);

  it('told to end while the broker is away: exit 0, and the texts stay for the next one', async () => {
    await proxy.close();
    await dying.disconnected();
    const answers = await Promise.all(Array.from({ length: 10 }, start));
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(10).fill(202));
    dying.kill('SIGTERM');
    expect(await dying.ended).toBe(0);
    expect(await saved()).toBe(10);

    const heir = await another();
    const texts = await takeTexts(broker.url);
    for (const answer of answers) await texts.of(messageIdOf(answer));
    await heir.emptied();
    await heir.close();
    await texts.close();
  }, 60_000);

  it('told to end while it publishes: what is confirmed leaves the outbox', async () => {
    const texts = await takeTexts(broker.url);
    const answers = Promise.all(Array.from({ length: 50 }, start));
    await until('the first have arrived', 10, () => texts.count > 0);
    await answers;
    dying.kill('SIGTERM');
    expect(await dying.ended).toBe(0);
    expect(await saved()).toBe(0);
    await until('all have arrived', 10, () => texts.count === 50);
    await texts.close();
  }, 60_000);
});
