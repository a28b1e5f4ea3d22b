import { createLogger, REDIS, type Redis } from '@app/common';
import { createHash } from 'node:crypto';
import { otpost } from '../../../../test/cli/otpost.js';
import { holdClock, newNumber, releaseClock, testConfig, testGateway } from '../../../../test/gateway/test-gateway.js';
import { startRedis, type Service } from '../../../../test/support/services.ts';
import { tempFile } from '../../../../test/support/temp-file.js';
import { until } from '../../../../test/support/until.js';
import { createGateway } from '../create-gateway.js';
import { Services } from '../services/services.js';

const entryOf = (id: string, scopes: string, service: string) =>
  `${id}:${scopes}:${createHash('sha256').update(`configured-${id}`).digest('hex')}:${service}`;
const SECRET_OF = { root: 'configured-root', 'shop-ops': 'configured-shop-ops', shop: 'configured-shop' };
const CONFIGURED = [
  entryOf('root', 'operate', '*'),
  entryOf('shop-ops', 'operate', 'shop'),
  entryOf('shop', 'verify', 'shop'),
].join(',');
const SERVICES = '{"shop": {}, "bank": {"codeLength": 8}}';

interface KeyAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
  readonly body: { readonly id: string; readonly key: string; readonly apiKeys: { readonly id: string }[] } & Record<
    string,
    unknown
  >;
}
type Gateway = Awaited<ReturnType<typeof testGateway>>;

const bearer = (secret: string, more = {}) => ({ authorization: `Bearer ${secret}`, ...more });
const asking =
  (gateway: Gateway) =>
  async (secret: string, method: string, path: string, body?: unknown, headers = {}): Promise<KeyAnswer> =>
    (await gateway.request(method, path, body, bearer(secret, headers))) as unknown as KeyAnswer;
/** 422 is what a key that opens the door comes to with an empty number: nothing is sent, no store is asked. */
const OPEN = 422;
const knocks = async (gateway: Gateway, secret: string, headers = {}) =>
  (await gateway.request('POST', '/v1/verifications', { to: '' }, bearer(secret, headers))).status;

describe.each(['memory', 'Redis'])('API keys in %s', (where) => {
  let redis: Service | undefined;
  let gateway: Gateway;
  let ask: ReturnType<typeof asking>;
  const file = tempFile(SERVICES);
  let count = 0;
  const newId = () => `key-${++count}`;
  const make = async (more: object = {}, by = SECRET_OF.root) =>
    ask(by, 'POST', '/v1/api-keys', { id: newId(), scopes: ['verify'], service: 'shop', ...more });

  beforeAll(async () => {
    redis = where === 'Redis' ? await startRedis() : undefined;
    gateway = await testGateway({
      API_KEYS: CONFIGURED,
      SERVICES_FILE: file.path,
      ...(redis && { REDIS_URL: redis.url }),
    });
    ask = asking(gateway);
  });
  afterAll(async () => {
    await gateway.close();
    await redis?.stop();
  });
  beforeEach(() => file.write(SERVICES));
  afterEach(releaseClock);

  it('a new key opens its service; its secret is shown once and kept nowhere', async () => {
    const made = await make({ service: 'bank', description: 'till 7', cidrs: ['127.0.0.0/8', '::1'] });
    const { key, ...view } = made.body;

    expect(made).toMatchObject({
      status: 201,
      headers: { 'cache-control': 'no-store', location: `/v1/api-keys/${view.id}` },
    });
    expect(key).toMatch(/^otp_key-\d+_[A-Za-z0-9_-]{43}$/);
    expect(view).toMatchObject({
      source: 'stored',
      service: 'bank',
      scopes: ['verify'],
      createdBy: 'root',
      expiresAt: null,
    });
    const started = await ask(key, 'POST', '/v1/verifications', { to: newNumber() });
    expect(started).toMatchObject({ status: 202, body: { service: 'bank', code: { length: 8 } } });
    const shown = await ask(SECRET_OF.root, 'GET', `/v1/api-keys/${view.id}`);
    const listed = await ask(SECRET_OF.root, 'GET', '/v1/api-keys');
    expect(listed.body.apiKeys.find(({ id }) => id === view.id)).toMatchObject({ description: 'till 7' });
    const dump = redis ? await dumpOf(gateway.app.get<Redis>(REDIS)) : '';
    const hash = createHash('sha256').update(key).digest('hex');
    for (const text of [shown.text, listed.text, gateway.lines.join()]) {
      expect(text).not.toContain(key);
      expect(text).not.toContain(hash);
    }
    expect(dump.includes(hash)).toBe(where === 'Redis');
    expect(dump).not.toContain(key);
  });

  it.each([
    ['a service that is not configured', { service: 'casino' }, 422, { errors: [{ pointer: '/service' }] }],
    ['verify for all services', { service: '*' }, 422, { errors: [{ pointer: '/scopes' }] }],
    ['an end that has passed', { expiresAt: '2020-01-01T00:00:00Z' }, 422, { errors: [{ pointer: '/expiresAt' }] }],
    ['no scope', { scopes: [] }, 422, { errors: [{ pointer: '/scopes' }] }],
    ['an unknown scope', { scopes: ['admin'] }, 422, { errors: [{ pointer: '/scopes' }] }],
    ['no network', { cidrs: ['10.0.0.0/40'] }, 422, { errors: [{ pointer: '/cidrs' }] }],
    ['an id that is none', { id: 'Shop' }, 422, { errors: [{ pointer: '/id' }] }],
    ['an id of API_KEYS', { id: 'shop' }, 409, { code: 'key_exists' }],
  ])('%s is refused', async (_what, more, status, body) => {
    expect(await make(more)).toMatchObject({ status, body });
  });

  it('an id stands for one key', async () => {
    const { id } = (await make()).body;
    expect(await make({ id })).toMatchObject({ status: 409, body: { code: 'key_exists' } });
  });

  it('null is what is left out', async () => {
    const made = await make({ cidrs: null, description: null, expiresAt: null, service: null });
    expect(made).toMatchObject({
      status: 201,
      body: { service: 'default', cidrs: [], description: '', expiresAt: null },
    });
    const rotated = await ask(SECRET_OF.root, 'POST', `/v1/api-keys/${made.body.id}/rotate`, {
      overlapSeconds: null,
    });
    expect(rotated.body.overlapEndsAt).not.toBeNull();
  });

  it('an operator of one service makes, sees and changes keys of that one alone', async () => {
    const own = (await make({}, SECRET_OF['shop-ops'])).body;
    const foreign = (await make({ service: 'bank' })).body;
    for (const service of ['bank', 'default', '*', 'casino'])
      expect(await make({ service, scopes: ['operate'] }, SECRET_OF['shop-ops'])).toMatchObject({
        status: 403,
        body: { code: 'forbidden', missingService: service },
      });
    const listed = (await ask(SECRET_OF['shop-ops'], 'GET', '/v1/api-keys')).body.apiKeys.map(({ id }) => id);
    expect(listed).toEqual(expect.arrayContaining(['shop-ops', 'shop', own.id]));
    for (const id of ['root', foreign.id]) expect(listed).not.toContain(id);
    for (const [method, more] of [
      ['GET', ''],
      ['POST', '/rotate'],
      ['POST', '/revoke'],
    ] as const)
      for (const id of [foreign.id, 'root', 'nobody'])
        expect(
          await ask(SECRET_OF['shop-ops'], method, `/v1/api-keys/${id}${more}`, method === 'POST' ? {} : undefined),
        ).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await knocks(gateway, foreign.key)).toBe(OPEN);
    expect(await ask(own.key, 'GET', '/v1/api-keys')).toMatchObject({ status: 403, body: { missingScope: 'operate' } });
  });

  it('a key of API_KEYS is shown, and changed there', async () => {
    expect(await ask(SECRET_OF.root, 'GET', '/v1/api-keys/shop')).toMatchObject({
      status: 200,
      body: { id: 'shop', source: 'configured', scopes: ['verify'] },
    });
    for (const verb of ['rotate', 'revoke'])
      expect(await ask(SECRET_OF.root, 'POST', `/v1/api-keys/shop/${verb}`, {})).toMatchObject({
        status: 409,
        body: { code: 'key_is_configured' },
      });
  });

  it('after a rotation both secrets open the door until the overlap ends, then the new one', async () => {
    const clock = holdClock(new Date('2026-10-09T10:00:00Z'));
    const { id, key: first } = (await make()).body;
    const rotate = (overlapSeconds: number) =>
      ask(SECRET_OF.root, 'POST', `/v1/api-keys/${id}/rotate`, { overlapSeconds });
    const second = (await rotate(60)).body;
    expect(second.overlapEndsAt).toBe('2026-10-09T10:01:00.000Z');
    expect([await knocks(gateway, first), await knocks(gateway, second.key)]).toEqual([OPEN, OPEN]);
    clock.advance(59.9);
    expect(await knocks(gateway, first)).toBe(OPEN);
    clock.advance(0.1);
    expect([await knocks(gateway, first), await knocks(gateway, second.key)]).toEqual([401, OPEN]);
    const third = (await rotate(0)).body;
    expect([await knocks(gateway, second.key), await knocks(gateway, third.key)]).toEqual([401, OPEN]);
  });

  it('a revoked key opens nothing any more, and is gone from the list', async () => {
    const { id, key } = (await make()).body;
    expect(await knocks(gateway, key)).toBe(OPEN);
    expect(await ask(SECRET_OF.root, 'POST', `/v1/api-keys/${id}/revoke`)).toMatchObject({
      status: 200,
      body: { id, revoked: true },
    });
    expect(await knocks(gateway, key)).toBe(401);
    expect(await ask(SECRET_OF.root, 'GET', `/v1/api-keys/${id}`)).toMatchObject({ status: 404 });
  });

  it('an expired key opens nothing, and says so', async () => {
    const clock = holdClock(new Date('2026-10-09T10:00:00Z'));
    const { key } = (await make({ expiresAt: '2026-10-09T10:10:00Z' })).body;
    expect(await knocks(gateway, key)).toBe(OPEN);
    clock.advance(600);
    const late = await ask(key, 'POST', '/v1/verifications', { to: '' });
    expect(late).toMatchObject({ status: 401, body: { detail: 'This API key has expired.' } });
  });

  it('S16: every change of a key leaves an audit line, without a secret', async () => {
    const { id } = (await make()).body;
    await ask(SECRET_OF.root, 'POST', `/v1/api-keys/${id}/rotate`, {});
    await ask(SECRET_OF['shop-ops'], 'POST', `/v1/api-keys/${id}/revoke`);
    const audit = gateway.lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ audit, keyId }) => audit !== undefined && keyId === id);
    expect(audit).toMatchObject([
      { audit: 'api_key.created', by: 'root', service: 'shop', scopes: ['verify'] },
      { audit: 'api_key.rotated', by: 'root', overlapSeconds: 86_400 },
      { audit: 'api_key.revoked', by: 'shop-ops' },
    ]);
  });

  it('tells when a key was last used', async () => {
    const { id, key } = (await make()).body;
    const shown = () => ask(SECRET_OF.root, 'GET', `/v1/api-keys/${id}`);
    expect((await shown()).body.lastUsedAt).toBeNull();
    await knocks(gateway, key);
    await until('the use is noted', 5, async () => (await shown()).body.lastUsedAt !== null);
  });

  it('a key bound to networks is refused from elsewhere, whatever X-Forwarded-For says', async () => {
    const { key } = (await make({ cidrs: ['203.0.113.0/24'] })).body;
    expect(await knocks(gateway, key, { 'x-forwarded-for': '203.0.113.7' })).toBe(403);
    const { body } = await ask(key, 'GET', '/v1/verifications/vrf_x');
    expect(body).toMatchObject({ code: 'address_not_allowed' });
  });

  it('a key whose service is no longer configured is refused by name', async () => {
    const { key } = (await make({ service: 'bank' })).body;
    file.write('{"shop": {}}');
    gateway.app.get(Services, { strict: false }).reload();
    expect(await ask(key, 'POST', '/v1/verifications', { to: '' })).toMatchObject({
      status: 403,
      body: { code: 'unknown_service', service: 'bank' },
    });
    file.write(SERVICES);
    gateway.app.get(Services, { strict: false }).reload();
    expect(await knocks(gateway, key)).toBe(OPEN);
  });

  it('otpost makes, lists, rotates and revokes them', async () => {
    const call = (args: readonly string[], typed = '') =>
      otpost(['keys', ...args], { OTPOST_URL: gateway.url, OTPOST_API_KEY: SECRET_OF.root }, typed);
    const id = newId();

    const made = await call(['create', '--id', id, '--scopes', 'verify', '--service', 'bank', '--expires-in', '90d']);
    expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining('only time it is shown') });
    expect(await knocks(gateway, made.stdout.trim())).toBe(OPEN);
    const listed = await call(['list']);
    expect(listed.stdout).toMatch(new RegExp(`^${id} +bank +verify +stored +20\\d\\d-`, 'm'));
    expect(listed.stdout).toMatch(/^root +\* +operate +configured +- +- +- +- +-$/m);
    const rotated = JSON.parse((await call(['rotate', id, '--overlap', '0', '--json'])).stdout) as { key: string };
    expect([await knocks(gateway, made.stdout.trim()), await knocks(gateway, rotated.key)]).toEqual([401, OPEN]);
    expect(await call(['revoke', id], 'no')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Nothing was revoked'),
    });
    expect(await knocks(gateway, rotated.key)).toBe(OPEN);
    expect(await call(['revoke', id], id)).toMatchObject({ code: 0, stdout: `${id} revoked\n` });
    expect(await knocks(gateway, rotated.key)).toBe(401);
    expect(await call(['revoke', id, '--yes'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no such API key'),
    });
    expect((await call(['rotate'])).code).toBe(2);
    expect((await call(['rotate', id, '--overlap', 'soon'])).code).toBe(2);
    expect((await call(['create', '--id', id, '--scopes', 'verify', '--print', '--cidrs', '::1'])).code).toBe(2);
  });
});

async function dumpOf(redis: Redis): Promise<string> {
  const keys = await redis.keys('*api-keys*');
  return JSON.stringify(await Promise.all(keys.map((key) => redis.hgetall(key))));
}

describe('API keys on two gateways', () => {
  let redis: Service;
  const gateways: Gateway[] = [];
  beforeAll(async () => {
    redis = await startRedis();
    for (let n = 0; n < 2; n++)
      gateways.push(
        await testGateway({
          API_KEYS: CONFIGURED,
          SERVICES_FILE: tempFile(SERVICES).path,
          REDIS_URL: redis.url,
          TRUSTED_PROXIES: '127.0.0.0/8,::1',
          CORS_ORIGINS: 'https://admin.example.com',
        }),
      );
  });
  afterAll(async () => {
    for (const gateway of gateways) await gateway.close();
    await redis.stop();
  });

  const make = async (more = {}) =>
    (
      await asking(gateways[0]!)(SECRET_OF.root, 'POST', '/v1/api-keys', {
        id: `two-${Math.trunc(performance.now() * 1000)}`,
        scopes: ['verify'],
        service: 'shop',
        ...more,
      })
    ).body;

  it('one made at the first works at the second at once, and revoked it ends there within 5 s', async () => {
    const [first, second] = gateways as [Gateway, Gateway];
    const { id, key } = await make();
    expect([await knocks(first, key), await knocks(second, key)]).toEqual([OPEN, OPEN]);

    await asking(first)(SECRET_OF.root, 'POST', `/v1/api-keys/${id}/revoke`);
    const revokedAt = performance.now();

    expect(await knocks(first, key)).toBe(401);
    let lastOpen = revokedAt;
    await until('the second has heard of it', 10, async () => {
      const askedAt = performance.now();
      const status = await knocks(second, key);
      if (status === OPEN) lastOpen = askedAt;
      return status === 401;
    });
    expect(lastOpen - revokedAt).toBeLessThan(5000);
  });

  it('a trusted proxy is believed about the address, and the nearest one that is not is the caller', async () => {
    const { key } = await make({ cidrs: ['203.0.113.0/24', '2001:db8::/32'] });
    const from = (address: string) => knocks(gateways[0]!, key, { 'x-forwarded-for': address });
    expect(await Promise.all(['203.0.113.7', '2001:db8::7'].map(from))).toEqual([OPEN, OPEN]);
    expect(await Promise.all(['198.51.100.1', '203.0.113.7, 198.51.100.1', ''].map(from))).toEqual([403, 403, 403]);
  });

  it('pages of listed origins may read, and no others', async () => {
    const answerTo = async (origin: string) =>
      (
        await fetch(`${gateways[0]!.url}/v1/api-keys`, {
          method: 'OPTIONS',
          headers: { origin, 'access-control-request-method': 'GET' },
        })
      ).headers.get('access-control-allow-origin');
    expect(await answerTo('https://admin.example.com')).toBe('https://admin.example.com');
    expect(await answerTo('https://evil.example.com')).toBeNull();
  });

  it('without Redis keys of API_KEYS still open the door, stored ones for as long as they are remembered', async () => {
    const [gateway] = gateways as [Gateway];
    const { key: known } = await make();
    const { key: unknown } = await make();
    expect(await knocks(gateway, known)).toBe(OPEN);

    await redis.kill();

    expect(await knocks(gateway, known)).toBe(OPEN);
    const refused = await asking(gateway)(unknown, 'POST', '/v1/verifications', { to: '' });
    expect(refused).toMatchObject({ status: 503, body: { code: 'dependency_unavailable' } });
    expect(await knocks(gateway, SECRET_OF.shop)).toBe(OPEN);
    expect(await knocks(gateway, 'otp_no-such-key')).toBe(401);
    await until('the stored key is forgotten', 10, async () => (await knocks(gateway, known)) === 503);
    expect(await knocks(gateway, SECRET_OF.shop)).toBe(OPEN);
  });
});

it('without CORS_ORIGINS no page may read anything', async () => {
  const app = await createGateway(testConfig(), createLogger('gateway', 'silent'));
  await app.listen(0, '127.0.0.1');
  try {
    const response = await fetch(`${await app.getUrl()}/livez`, { headers: { origin: 'https://a.example' } });
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  } finally {
    await app.close();
  }
});

it.each([
  [{ TRUSTED_PROXIES: 'proxy.internal' }, /TRUSTED_PROXIES: each must be an IP address or a network/],
  [{ TRUSTED_PROXIES: '10.0.0.0/33' }, /TRUSTED_PROXIES: each must be/],
  [{ CORS_ORIGINS: '*' }, /CORS_ORIGINS: each must be an origin/],
  [{ CORS_ORIGINS: 'https://a.example/' }, /CORS_ORIGINS: each must be an origin/],
])('refuses %j', (settings, sentence) => {
  expect(() => testConfig(settings)).toThrow(sentence);
});
