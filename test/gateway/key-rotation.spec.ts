import { REDIS, type Environment, type Redis } from '@app/common';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { startRedis, type Service } from '../support/services.ts';
import { holdClock, newNumber, releaseClock, testConfig, testGateway } from './test-gateway.js';

type Gateway = Awaited<ReturnType<typeof testGateway>>;
const newKey = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const [H1, H2] = [newKey('h1'), newKey('h2')];
const SEALING_KEYS = newKey('k1');
const keyOf = (id: string, scope: string) => `${id}:${scope}:${createHash('sha256').update(id).digest('hex')}`;
const wrong = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');
let ips = 0;
/** One that no other test has. */
const newIp = () => `198.18.${++ips >> 8}.${ips & 255}`;

/** What HASH_KEYS is from step to step: gateways restarted one after the other are at two neighbouring steps. */
const STEPS = { before: H1, added: `${H1},${H2}`, moved: `${H2},${H1}`, removed: H2 };
type Step = keyof typeof STEPS;
const NEIGHBOURS: [Step, Step][] = [
  ['before', 'added'],
  ['added', 'before'],
  ['added', 'moved'],
  ['moved', 'added'],
  ['moved', 'removed'],
  ['removed', 'moved'],
];

describe('HASH_KEYS is rotated under running gateways on one Redis', () => {
  let redis: Service;
  let at: Record<Step, Gateway>;
  let clock: ReturnType<typeof holdClock>;

  const gatewayAt = (step: Step, more: Environment = {}) =>
    testGateway({
      REDIS_URL: redis.url,
      HASH_KEYS: STEPS[step],
      SEALING_KEYS,
      API_KEYS: [keyOf('shop', 'verify'), keyOf('ops', 'operate')].join(','),
      LIMIT_NUMBER_PER_HOUR: '4',
      LIMIT_COOLDOWN_FREE_TEXTS: '100',
      LIMIT_CHECKS_PER_DAY: '4',
      LIMIT_CHECK_WAIT_SECONDS: '0',
      ...more,
    });
  beforeAll(async () => {
    redis = await startRedis();
    const steps = Object.keys(STEPS) as Step[];
    const gateways = await Promise.all(steps.map(async (step) => [step, await gatewayAt(step)] as const));
    at = Object.fromEntries(gateways) as Record<Step, Gateway>;
  });
  afterAll(async () => {
    await Promise.all(Object.values(at).map((gateway) => gateway.close()));
    await redis.stop();
  });
  beforeEach(() => {
    clock = holdClock(new Date('2026-10-09T10:00:00.250Z'));
  });
  afterEach(releaseClock);

  const ask = (gateway: Gateway, method: string, path: string, body?: unknown, headers = {}, key = 'shop') =>
    gateway.request(method, path, body, { authorization: `Bearer ${key}`, ...headers });
  const tryStart = (gateway: Gateway, to: string, ip = newIp(), headers = {}) =>
    ask(gateway, 'POST', '/v1/verifications', { to, client: { ip } }, headers);
  async function start(gateway: Gateway, to = newNumber(), ip?: string) {
    const { status, body } = await tryStart(gateway, to, ip);
    expect(status).toBe(202);
    return { id: body.id, to, code: await gateway.codeOf(body, to) };
  }
  const check = (gateway: Gateway, id: string, code: string) =>
    ask(gateway, 'POST', `/v1/verifications/${id}/checks`, { code });
  const checkNumber = (gateway: Gateway, to: string, code: string) => ask(gateway, 'POST', '/v1/checks', { to, code });
  const listed = async (gateway: Gateway, to: string, limit = 50) => {
    const ids: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query = new URLSearchParams({ to, limit: String(limit), ...(cursor && { cursor }) });
      const { body } = await ask(gateway, 'GET', `/v1/verifications?${query.toString()}`);
      const page = body as unknown as { verifications: { id: string }[]; cursor: string | null };
      ids.push(...page.verifications.map(({ id }) => id));
      cursor = page.cursor;
    }
    return ids;
  };

  describe.each(NEIGHBOURS)('from a gateway where the key is %s to one where it is %s', (from, next) => {
    it('a verification is checked on: wrong codes count together, and the right one approves', async () => {
      const { id, code } = await start(at[from]);
      expect(await check(at[next], id, wrong(code))).toMatchObject({ body: { valid: false, attempts: { used: 1 } } });
      expect(await check(at[from], id, wrong(code))).toMatchObject({ body: { valid: false, attempts: { used: 2 } } });
      expect(await check(at[next], id, code)).toMatchObject({ body: { valid: true, status: 'approved' } });
    });

    it('a resend adds a code, and both work', async () => {
      const { id, code } = await start(at[from]);
      clock.advance(60);
      expect(await ask(at[next], 'POST', `/v1/verifications/${id}/resends`)).toMatchObject({ status: 202 });
      expect(await check(at[next], id, code)).toMatchObject({ body: { valid: true } });
      const other = await start(at[from]);
      clock.advance(60);
      const { body } = await ask(at[next], 'POST', `/v1/verifications/${other.id}/resends`);
      const second = await at[next].codeOf(body, other.to);
      expect(await check(at[from], other.id, second)).toMatchObject({ body: { valid: true } });
    });

    it('it is checked, listed and erased by its number', async () => {
      const { id, to, code } = await start(at[from]);
      expect(await checkNumber(at[next], to, wrong(code))).toMatchObject({ body: { id, attempts: { used: 1 } } });
      expect(await checkNumber(at[next], to, code)).toMatchObject({ body: { id, valid: true } });
      clock.advance(60);
      const second = await start(at[next], to);
      for (const gateway of [at[from], at[next]]) {
        expect(await listed(gateway, to)).toEqual([second.id, id]);
        expect(await listed(gateway, to, 1)).toEqual([second.id, id]);
      }
      expect(await ask(at[next], 'POST', '/v1/numbers/erase', { to }, {}, 'ops')).toMatchObject({
        body: { verifications: 2 },
      });
      expect(await ask(at[from], 'GET', `/v1/verifications/${id}`)).toMatchObject({ status: 404 });
      expect(await listed(at[from], to)).toEqual([]);
    });

    it('S31: texts to a number count together', async () => {
      const to = newNumber();
      for (const gateway of [at[from], at[next], at[from], at[next]]) {
        const { id, code } = await start(gateway, to);
        for (const other of [at[from], at[next]])
          expect(await tryStart(other, to)).toMatchObject({
            status: 429,
            body: { 'violated-policies': expect.arrayContaining(['number-cooldown']) },
          });
        await check(gateway, id, code);
        clock.advance(60);
      }
      for (const gateway of [at[from], at[next]])
        expect(await tryStart(gateway, to)).toMatchObject({ status: 429, body: { code: 'destination_quota' } });
    });

    it('S6: failed checks of a number count together', async () => {
      const to = newNumber();
      for (const gateway of [at[from], at[next]]) {
        const { id, code } = await start(gateway, to);
        for (let n = 0; n < 2; n++) expect(await check(gateway, id, wrong(code))).toMatchObject({ status: 200 });
        await ask(gateway, 'POST', `/v1/verifications/${id}/cancel`);
        clock.advance(60);
      }
      for (const gateway of [at[from], at[next]]) {
        const { id, code } = await start(gateway, to);
        expect(await check(gateway, id, code)).toMatchObject({ status: 429, body: { code: 'check_quota' } });
        clock.advance(60);
      }
    });

    it('S22: a request with an idempotency key takes effect once', async () => {
      const [to, headers] = [newNumber(), { 'idempotency-key': randomUUID() }];
      const first = await tryStart(at[from], to, '203.0.113.99', headers);
      const again = await tryStart(at[next], to, '203.0.113.99', headers);
      expect(first.status).toBe(202);
      expect([again.status, again.text, again.headers['idempotency-replayed']]).toEqual([202, first.text, 'true']);
      expect(await tryStart(at[next], newNumber(), '203.0.113.99', headers)).toMatchObject({ status: 422 });
    });
  });

  it('S41, S42: texts for one address, and to one prefix, count together; an approval takes them off together', async () => {
    const few = { LIMIT_IP_PER_HOUR: '2', LIMIT_PREFIX_PER_HOUR: '3' };
    const gateways = await Promise.all((['added', 'moved'] as const).map((step) => gatewayAt(step, few)));
    const [added, moved] = gateways as [Gateway, Gateway];
    const prefix = newNumber().slice(0, -4);
    const neighbour = (n: number) => `${prefix}${String(n).padStart(4, '0')}`;
    const first = await start(added, neighbour(1), '203.0.113.1');
    await start(moved, neighbour(2), '203.0.113.1');
    const refused = await tryStart(added, neighbour(3), '203.0.113.1');
    expect(refused).toMatchObject({ status: 429, body: { 'violated-policies': ['ip-hour'] } });
    expect(refused.headers['ratelimit-policy']!.match(/"ip-hour"/g)).toHaveLength(1);
    await start(moved, neighbour(4), '203.0.113.2');
    expect(await tryStart(added, neighbour(5), '203.0.113.3')).toMatchObject({ body: { code: 'prefix_quota' } });
    await check(moved, first.id, first.code);
    await start(added, neighbour(6), '203.0.113.1');
    expect(await tryStart(moved, neighbour(7), '203.0.113.1')).toMatchObject({
      body: { 'violated-policies': ['ip-hour', 'prefix-hour'] },
    });
    await Promise.all(gateways.map((gateway) => gateway.close()));
  });

  it('two gateways that do not agree on the first key never text a free number both', async () => {
    let started = 0;
    for (let n = 0; n < 30; n++) {
      const to = newNumber();
      const answers = await Promise.all([at.added, at.moved, at.moved, at.added].map((one) => tryStart(one, to)));
      const served = answers.filter(({ status }) => status === 202).length;
      expect(served).toBeLessThanOrEqual(1);
      for (const { status, body } of answers)
        expect([status, status === 429 ? (body as unknown as { code: string }).code : undefined]).toEqual(
          status === 429 ? [429, 'destination_in_cooldown'] : [202, undefined],
        );
      started += served;
    }
    expect(started).toBeGreaterThan(0);
  });

  it('what a number did under the old key still counts when that key is gone', async () => {
    const to = newNumber();
    const texted = async (gateway: Gateway) => {
      await start(gateway, to);
      clock.advance(310); // the code before has died
    };
    for (const gateway of [at.before, at.added, at.moved, at.removed]) await texted(gateway);
    expect(await tryStart(at.removed, to)).toMatchObject({ status: 429, body: { code: 'destination_quota' } });
  });

  it('S17: a code whose key is gone is neither right nor wrong: 503, no attempt used, and a line names the key', async () => {
    const { id, to, code } = await start(at.before);
    for (const typed of [code, wrong(code)])
      expect(await check(at.removed, id, typed)).toMatchObject({
        status: 503,
        headers: { 'retry-after': expect.any(String) },
        body: { code: 'dependency_unavailable' },
      });
    expect(await checkNumber(at.removed, to, code)).toMatchObject({ status: 404 });
    const lines = at.removed.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toContainEqual(expect.objectContaining({ level: 50, verificationId: id, keyIds: ['h1'] }));
    expect(await ask(at.removed, 'GET', `/v1/verifications/${id}`)).toMatchObject({
      status: 200,
      body: { status: 'pending', attempts: { used: 0 } },
    });
    expect(await check(at.added, id, code)).toMatchObject({ body: { valid: true } });
  });

  it('S8: Redis holds the id of a key, and neither a key nor what it hides', async () => {
    const { to, code } = await start(at.moved);
    const store = at.moved.app.get<Redis>(REDIS);
    const keys = await store.keys('otpost:*');
    const texts = await Promise.all(keys.map(async (key) => (await store.dump(key))?.toString() ?? ''));
    const values = await store.mget(await store.keys('otpost:*:verification:*'));
    expect(values.join()).toContain('"codeKeyId":"h2"');
    for (const secret of [to.slice(1), `"${code}"`, H1.slice(3), H2.slice(3)])
      expect([...keys, ...texts, ...values].join()).not.toContain(secret);
  });
});

describe('a list of keys that cannot be meant', () => {
  const bytes = randomBytes(32).toString('base64');

  it.each([
    ['no id', bytes, /each entry must be id:base64 of 32 bytes/],
    ['an id in capitals', `H1:${bytes}`, /the id of a-z, 0-9 and -/],
    ['a short key', 'h1:c2hvcnQ=', /each entry must be id:base64 of 32 bytes/],
    ['an id twice', `h1:${bytes},${newKey('h1')}`, /the id h1 is there twice: give each entry an id/],
    ['a key twice', `h1:${bytes},h2:${bytes}`, /h2 has the bytes of another entry: make new ones with openssl/],
  ])('%s is refused at start with what to do', (_what, list, sentence) => {
    for (const name of ['HASH_KEYS', 'SEALING_KEYS']) {
      const start = () => testConfig({ [name]: list });
      expect(start).toThrow(sentence);
      expect(start).toThrow(new RegExp(`^  ${name}: `, 'm'));
      expect(start).not.toThrow(bytes);
    }
  });
});
