import { randomBytes } from 'node:crypto';
import { startRedis } from '../support/services.ts';
import { newNumber, testGateway } from './test-gateway.js';

const newKey = () => randomBytes(32).toString('base64');

it('a number whose sealing key was removed is shown as ****, and its right code still approves', async () => {
  const redis = await startRedis();
  const shared = { REDIS_URL: redis.url, HASH_KEYS: `h1:${newKey()}` };
  const before = await testGateway({ ...shared, SEALING_KEYS: `k1:${newKey()}` });
  const after = await testGateway({ ...shared, SEALING_KEYS: `k2:${newKey()}` });
  const [old, recent] = [newNumber(), newNumber()];
  const { body } = await before.post('/v1/verifications', { to: old });
  const code = await before.codeOf(body, old);
  expect((await after.post('/v1/verifications', { to: recent })).status).toBe(202);

  const list = await after.get('/v1/verifications');
  expect(list.status).toBe(200);
  const shown = (list.body as unknown as { verifications: { to: string }[] }).verifications.map(({ to }) => to);
  expect(shown.sort()).toEqual(['****', `${recent.slice(0, 6)}****${recent.slice(-4)}`]);
  expect(await after.get(`/v1/verifications/${body.id}`)).toMatchObject({ status: 200, body: { to: '****' } });
  const check = await after.post(`/v1/verifications/${body.id}/checks`, { code });
  expect(check).toMatchObject({ status: 200, body: { valid: true, status: 'approved' } });
  expect(after.lines.join()).toContain('texts of an approved verification stay counted');
  for (const gateway of [before, after]) await gateway.close();
  await redis.stop();
}, 60_000);
