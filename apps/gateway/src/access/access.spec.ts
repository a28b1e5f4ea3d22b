import { createLogger, StartRefused } from '@app/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHash } from 'node:crypto';
import { testConfig } from '../../../../test/gateway/test-gateway.js';
import { otpost } from '../../../../test/cli/otpost.js';
import { createGateway } from '../create-gateway.js';

describe('API keys', () => {
  const hashOf = (key: string) => createHash('sha256').update(key).digest('hex');
  const apps: NestFastifyApplication[] = [];
  const lines: string[] = [];
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
    lines.length = 0;
  });

  async function started(apiKeys?: string) {
    const logger = createLogger('gateway', 'debug', { write: (line) => void lines.push(line) });
    const app = await createGateway(testConfig({ API_KEYS: apiKeys }), logger);
    apps.push(app);
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    return async (path: string, authorization?: string, body?: object) => {
      const response = await fetch(`${url}${path}`, {
        method: body ? 'POST' : 'GET',
        headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
        ...(body && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        challenge: response.headers.get('www-authenticate'),
        type: response.headers.get('content-type'),
        body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {},
      };
    };
  }

  const KEYS = { shop: 'otp_shop_AAAA', ops: 'otp_ops_BBBB' };
  const BOTH = `shop:verify:${hashOf(KEYS.shop)},ops:operate:${hashOf(KEYS.ops)}`;
  const START = ['/v1/verifications', { to: '' }] as const;

  it.each([
    ['none', undefined, 'Bearer realm="otpost"'],
    ['another scheme', `Basic ${KEYS.shop}`, 'Bearer realm="otpost"'],
    ['an unknown key', 'Bearer otp_shop_CCCC', 'Bearer realm="otpost", error="invalid_token"'],
    ['an id with no key', 'Bearer shop', 'Bearer realm="otpost", error="invalid_token"'],
    ['the hash instead of the key', `Bearer ${hashOf(KEYS.shop)}`, 'Bearer realm="otpost", error="invalid_token"'],
  ])('with %s it is 401', async (_what, authorization, challenge) => {
    const ask = await started(BOTH);
    expect(await ask(START[0], authorization, START[1])).toMatchObject({
      status: 401,
      challenge,
      type: expect.stringContaining('application/problem+json'),
      body: { code: 'unauthenticated', status: 401 },
    });
    expect(lines.join()).not.toContain(KEYS.shop);
  });

  it('with a key of another scope it is 403, which names the missing one', async () => {
    const ask = await started(BOTH);
    expect(await ask(START[0], `Bearer ${KEYS.ops}`, START[1])).toMatchObject({
      status: 403,
      challenge: 'Bearer realm="otpost", error="insufficient_scope", scope="verify"',
      body: { code: 'forbidden', missingScope: 'verify' },
    });
  });

  it('with the right key the request is served', async () => {
    const ask = await started(BOTH);
    expect(await ask(START[0], `Bearer ${KEYS.shop}`, START[1])).toMatchObject({ status: 422 });
    expect(await ask('/v1/verifications/vrf_x', `bearer  ${KEYS.shop}`)).toMatchObject({ status: 404 });
  });

  it('health and metrics want no key, and what looks like them does', async () => {
    const ask = await started(BOTH);
    for (const path of ['/livez', '/readyz', '/metrics?x=1']) expect((await ask(path)).status).toBe(200);
    expect((await ask('/v1/verifications/livez')).status).toBe(401);
  });

  it('a key that otpost makes opens what its scopes say', async () => {
    const { stdout } = await otpost([
      'keys',
      'create',
      '--id',
      'both',
      '--scopes',
      'verify,operate',
      '--print',
      '--json',
    ]);
    const { key, entry } = JSON.parse(stdout) as { key: string; entry: string };
    expect(key).toMatch(/^otp_both_[A-Za-z0-9_-]{43}$/);
    expect(entry).not.toContain(key);
    const ask = await started(entry);
    expect(await ask(START[0], `Bearer ${key}`, START[1])).toMatchObject({ status: 422 });
  });

  it('without keys everybody may, and one line says so', async () => {
    const ask = await started();
    expect((await ask(START[0], undefined, START[1])).status).toBe(422);
    expect(lines.filter((line) => line.includes('API_KEYS is not set'))).toHaveLength(1);
  });

  it('without keys production refuses to start and says what to do', async () => {
    const config = testConfig({ NODE_ENV: 'production', REDIS_URL: 'redis://127.0.0.1:1' });
    await expect(createGateway(config)).rejects.toThrow(StartRefused);
    await expect(createGateway(config)).rejects.toThrow(
      /API_KEYS.+otpost keys create --id \w+ --scopes verify --print/,
    );
  });

  it.each([
    ['shop:verify:abc', 'each key must be'],
    ['shop:everything:' + '0'.repeat(64), 'each key must be'],
    [`shop:verify:${'0'.repeat(64)}:Shop`, 'each key must be'],
    [`all:verify:${'0'.repeat(64)}:*`, 'each key must be'],
    [`all:operate+verify:${'0'.repeat(64)}:*`, 'each key must be'],
    [`shop:verify:${'0'.repeat(64)},shop:operate:${'1'.repeat(64)}`, 'each id may stand for one key only'],
  ])('refuses API_KEYS=%s', (apiKeys, why) => {
    expect(() => testConfig({ API_KEYS: apiKeys })).toThrow(new RegExp(`API_KEYS: .*${why}`));
  });
});
