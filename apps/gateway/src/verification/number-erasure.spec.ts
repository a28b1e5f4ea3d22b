import { REDIS, type Redis } from '@app/common';
import { createHash } from 'node:crypto';
import { startRedis, type Service } from '../../../../test/support/services.ts';
import { tempFile } from '../../../../test/support/temp-file.js';
import { newNumber, testGateway } from '../../../../test/gateway/test-gateway.js';

const entryOf = (id: string, scope: string, service: string) =>
  `${id}:${scope}:${createHash('sha256').update(id).digest('hex')}:${service}`;

describe.each(['memory', 'Redis'])('POST /v1/numbers/erase with verifications in %s', (where) => {
  let gateway: Awaited<ReturnType<typeof testGateway>>;
  let redis: Service | undefined;

  beforeAll(async () => {
    redis = where === 'Redis' ? await startRedis() : undefined;
    gateway = await testGateway({
      API_KEYS: [
        ...[entryOf('shop', 'verify', 'shop'), entryOf('shop-ops', 'operate', 'shop')],
        ...[entryOf('bank', 'verify', 'bank'), entryOf('bank-ops', 'operate', 'bank')],
        entryOf('ops', 'operate', '*'),
      ].join(','),
      SERVICES_FILE: tempFile(JSON.stringify({ shop: { defaultRegion: 'CN' }, bank: {} })).path,
      RESEND_COOLDOWN_SECONDS: '1',
      LIMIT_COOLDOWN_FREE_TEXTS: '100',
      ...(redis && { REDIS_URL: redis.url }),
    });
  });
  afterAll(async () => {
    await gateway.close();
    await redis?.stop();
  });

  const ask = (method: string, path: string, body?: unknown, key = 'shop') =>
    gateway.request(method, path, body, { authorization: `Bearer ${key}` });
  const erase = (to: string, key: string) => ask('POST', '/v1/numbers/erase', { to }, key);
  async function start(to: string, key = 'shop') {
    for (;;) {
      const { status, body } = await ask('POST', '/v1/verifications', { to }, key);
      if (status === 202) return { id: body.id, code: await gateway.codeOf(body, to) };
      expect(status).toBe(429); // the cooldown of a second
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  const seen = async (id: string, key = 'shop') => (await ask('GET', `/v1/verifications/${id}`, undefined, key)).status;

  it('forgets what the service has of the number, and nothing of another service', async () => {
    const to = newNumber();
    const [mine, second, theirs] = [await start(to), await start(to), await start(to, 'bank')];
    const other = await start(newNumber());
    expect(await erase(to.slice(3), 'shop-ops')).toMatchObject({
      status: 200,
      body: { service: 'shop', verifications: 2 },
    });
    expect([await seen(mine.id), await seen(second.id), await seen(theirs.id, 'bank'), await seen(other.id)]).toEqual([
      404, 404, 200, 200,
    ]);
    const list = await ask('GET', `/v1/verifications?to=${encodeURIComponent(to)}`);
    expect(list.body).toEqual({ verifications: [], cursor: null });
    expect(await ask('POST', `/v1/verifications/${mine.id}/checks`, { code: mine.code })).toMatchObject({
      status: 404,
    });
    expect(await ask('POST', '/v1/checks', { to, code: mine.code })).toMatchObject({ status: 404 });
    expect(await ask('POST', '/v1/checks', { to, code: theirs.code }, 'bank')).toMatchObject({ body: { valid: true } });
    expect(await erase(to, 'shop-ops')).toMatchObject({ status: 200, body: { verifications: 0, texts: 0 } });
  });

  it('of a key for all services forgets all of it', async () => {
    const to = newNumber();
    const [mine, theirs] = [await start(to), await start(to, 'bank')];
    expect(await erase(to, 'ops')).toMatchObject({ status: 200, body: { service: '*', verifications: 2 } });
    expect([await seen(mine.id), await seen(theirs.id, 'bank')]).toEqual([404, 404]);
    expect(await erase(newNumber(), 'ops')).toMatchObject({
      status: 200,
      body: { service: '*', verifications: 0, texts: 0 },
    });
  });

  it('is no way around limits, and the number can be verified again', async () => {
    const to = newNumber();
    const { id } = await start(to);
    await erase(to, 'shop-ops');
    expect(await ask('POST', '/v1/verifications', { to })).toMatchObject({
      status: 429,
      body: { code: 'destination_in_cooldown' },
    });
    const again = await start(to);
    expect(again.id).not.toBe(id);
    expect(await ask('POST', '/v1/checks', { to, code: again.code })).toMatchObject({
      body: { id: again.id, valid: true },
    });
  });

  it('wants the scope to operate, and a number', async () => {
    expect(await erase(newNumber(), 'shop')).toMatchObject({ status: 403, body: { missingScope: 'operate' } });
    expect(await erase('+86123', 'shop-ops')).toMatchObject({ status: 422, body: { code: 'invalid_phone_number' } });
    expect(await ask('POST', '/v1/numbers/erase', {}, 'shop-ops')).toMatchObject({ status: 422 });
  });

  it('logs who erased how much, and no number', async () => {
    const to = newNumber();
    await start(to);
    await erase(to, 'shop-ops');
    const line = gateway.lines.filter((each) => each.includes('number erased')).at(-1)!;
    expect(JSON.parse(line)).toMatchObject({ keyId: 'shop-ops', service: 'shop', verifications: 1 });
    for (const part of [to.slice(3), to.slice(-4)]) expect(JSON.parse(line).to ?? '').not.toContain(part);
    expect(line).not.toContain(to.slice(3));
    expect(line).not.toContain('****');
  });

  if (where === 'Redis')
    it('leaves under the number a history of moments that ends when it would have ended anyway', async () => {
      const to = newNumber();
      const store = gateway.app.get<Redis>(REDIS);
      await store.flushdb();
      await start(to);
      const [history] = (await store.keys('otpost:*:number:*')).filter((key) => !key.endsWith('verifications'));
      await store.pexpire(history!, 5_000_000);
      await erase(to, 'shop-ops');
      const left = (await store.keys('otpost:*')).filter((key) => /:(number|verification|service|outbox)/.test(key));
      expect(left).toEqual([history]);
      expect(JSON.parse((await store.get(history!))!)).toMatchObject({ texts: [expect.any(Number)] });
      expect(await store.get(history!)).not.toMatch(/vrf_|shop/);
      expect(await store.pttl(history!)).toBeLessThanOrEqual(5_000_000);
    });
});
