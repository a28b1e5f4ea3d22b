import { until } from '../support/until.js';
import { connectedRedis } from './stores.js';
import { newNumber, testGateway } from './test-gateway.js';

it('a Redis without memory left is told to operators: not ready, counted, one line; and ready again by itself', async () => {
  const server = await connectedRedis();
  const gateway = await testGateway({ REDIS_URL: server.url });
  const start = () => gateway.post('/v1/verifications', { to: newNumber() });
  const ready = () => gateway.get('/readyz');
  expect((await start()).status).toBe(202);
  expect((await ready()).status).toBe(200);

  await server.redis.config('SET', 'maxmemory-policy', 'noeviction');
  await server.redis.config('SET', 'maxmemory', '1');
  for (let n = 0; n < 5; n++) expect((await start()).status).toBe(503);

  expect(await ready()).toMatchObject({ status: 503, body: { troubles: { redis: 'refuses: OOM' } } });
  expect((await gateway.get('/metrics')).text).toMatch(/^otpost_redis_errors_total\{kind="OOM"\} [1-9]/m);
  const errors = gateway.lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ kind }) => kind);
  expect(errors).toMatchObject([{ level: 50, kind: 'OOM', msg: 'Redis refuses what it is asked' }]);

  await server.redis.config('SET', 'maxmemory', '0');
  await until('it is ready again', 20, async () => (await ready()).status === 200);
  expect((await start()).status).toBe(202);
  await gateway.close();
  await server.close();
}, 60_000);
