import { closeRedis, createLogger, createRedis, type Redis } from '@app/common';
import { randomInt } from 'node:crypto';
import { countersSuite } from '../../apps/gateway/src/limits/counters.suite.js';
import { RedisCounters } from '../../apps/gateway/src/limits/redis-counters.js';
import { verificationStoreSuite } from '../../apps/gateway/src/verification/verification-store.suite.js';
import { redisStores } from '../gateway/stores.js';
import { newNumber, testGateway } from '../gateway/test-gateway.js';
import { startRedisCluster } from '../support/redis-cluster.ts';
import { until } from '../support/until.js';

let cluster: Awaited<ReturnType<typeof startRedisCluster>>;
let redis: Redis;
beforeAll(async () => {
  cluster = await startRedisCluster();
  redis = createRedis(cluster.url, createLogger('test', 'silent'));
  await until('the cluster is ready', 10, () => redis.status === 'ready');
});
afterAll(async () => {
  await closeRedis(redis);
  await cluster.stop();
});

verificationStoreSuite('a Redis Cluster', () => redisStores(redis).verifications);
countersSuite('a Redis Cluster', () => new RedisCounters(redis));

let ips = 0;
const newIp = () => `198.18.${++ips >> 8}.${ips & 255}`;

describe.each(['a list of nodes', 'redis+cluster://'])('a gateway on a Redis Cluster, by %s', (how) => {
  let gateway: Awaited<ReturnType<typeof testGateway>>;
  beforeAll(async () => {
    const [first] = cluster.url.split(',');
    gateway = await testGateway({
      REDIS_URL: how === 'redis+cluster://' ? first!.replace('redis:', 'redis+cluster:') : cluster.url,
      LIMIT_PREFIX_PER_HOUR: '20',
      LIMIT_IP_PER_HOUR: '20',
      LIMIT_IP_PER_DAY: '50',
      LIMIT_KEY_PER_MINUTE: '1000',
      LIMIT_COUNTRY_PER_DAY: '1000',
    });
  });
  afterAll(() => gateway.close());

  const start = (to: string, ip = newIp()) => gateway.post('/v1/verifications', { to, client: { ip } });

  it('has the same limits', async () => {
    const range = `+86138${String(randomInt(10 ** 4)).padStart(4, '0')}`;
    const answers = [];
    for (let n = 0; n < 50; n++) answers.push((await start(`${range}${String(n).padStart(4, '0')}`)).status);
    expect(answers).toEqual([...Array<number>(20).fill(202), ...Array<number>(30).fill(429)]);

    const ip = newIp();
    const many = await Promise.all(Array.from({ length: 100 }, () => start(newNumber(), ip)));
    expect(many.filter(({ status }) => status === 202)).toHaveLength(20);
    expect(many.filter(({ body }) => (body as { code?: unknown }).code === 'ip_quota')).toHaveLength(80);
    expect((await start(newNumber())).status).toBe(202);
  });

  it('texts, checks and approves once', async () => {
    const to = newNumber();
    const { body } = await start(to);
    const code = await gateway.codeOf(body, to);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => gateway.post(`/v1/verifications/${body.id}/checks`, { code })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(99);
    expect((await start(to)).status).toBe(429);
  });
});
