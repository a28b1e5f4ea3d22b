import { createHash } from 'node:crypto';
import { startRedis, type Service } from '../../../../test/support/services.ts';
import { tempFile } from '../../../../test/support/temp-file.js';
import { holdClock, newNumber, releaseClock, testGateway } from '../../../../test/gateway/test-gateway.js';

interface List {
  readonly verifications: readonly { readonly id: string; readonly status: string; readonly createdAt: string }[];
  readonly cursor: string | null;
}
const entryOf = (id: string, service: string) =>
  `${id}:verify:${createHash('sha256').update(id).digest('hex')}:${service}`;

describe.each(['memory', 'Redis'])('GET /v1/verifications with verifications in %s', (where) => {
  let gateway: Awaited<ReturnType<typeof testGateway>>;
  let clock: ReturnType<typeof holdClock>;
  let redis: Service | undefined;

  beforeAll(async () => {
    redis = where === 'Redis' ? await startRedis() : undefined;
    gateway = await testGateway({
      API_KEYS: ['shop', 'bank', 'empty'].map((name) => entryOf(name, name)).join(','),
      SERVICES_FILE: tempFile(JSON.stringify({ shop: { defaultRegion: 'CN' }, bank: {}, empty: {} })).path,
      ...(redis && { REDIS_URL: redis.url }),
    });
    clock = holdClock(new Date('2026-10-09T10:00:00.250Z'));
  });
  afterAll(async () => {
    releaseClock();
    await gateway.close();
    await redis?.stop();
  });

  const ask = (method: string, path: string, body?: unknown, key = 'shop') =>
    gateway.request(method, path, body, { authorization: `Bearer ${key}` });
  async function start(to = newNumber(), key = 'shop') {
    clock.advance(61);
    const { status, body } = await ask('POST', '/v1/verifications', { to }, key);
    expect(status).toBe(202);
    return { ...body, to };
  }
  async function list(query: Record<string, string> = {}, key = 'shop') {
    const { status, body, text } = await ask(
      'GET',
      `/v1/verifications?${new URLSearchParams(query).toString()}`,
      undefined,
      key,
    );
    expect([status, text]).toEqual([200, expect.any(String)]);
    return body as unknown as List;
  }
  const ids = ({ verifications }: List) => verifications.map(({ id }) => id);

  it('shows the newest first, masked, as they are shown one by one, but for the next text', async () => {
    const [first, second] = [await start(), await start()];
    const { body: shown } = await ask('GET', `/v1/verifications/${second.id}`);
    const { resend: _, ...wanted } = shown as unknown as Record<string, unknown>;
    const page = await ask('GET', '/v1/verifications?limit=2');
    const body = page.body as unknown as List;
    expect(body.verifications[0]).toEqual(wanted);
    expect(ids(body)).toEqual([second.id, first.id]);
    for (const { to } of [first, second]) expect(page.text).not.toContain(to.slice(3));
  });

  it('goes on where a page ended, also in a new one started meanwhile, and ends', async () => {
    for (let n = 0; n < 5; n++) await start(newNumber(), 'bank');
    const first = await list({ limit: '2' }, 'bank');
    await start(newNumber(), 'bank');
    const second = await list({ limit: '2', cursor: first.cursor! }, 'bank');
    const third = await list({ limit: '2', cursor: second.cursor! }, 'bank');
    expect(new Set([first, second, third].flatMap(ids)).size).toBe(5);
    expect([first, second, third].map(({ verifications }) => verifications.length)).toEqual([2, 2, 1]);
    expect(third.cursor).toBeNull();
    const times = [first, second, third].flatMap(({ verifications }) =>
      verifications.map(({ createdAt }) => createdAt),
    );
    expect(times).toEqual([...times].sort().reverse());
  });

  it('shows what is of a number, a status and a time', async () => {
    const to = newNumber();
    const [first, second] = [await start(to), await start(to)];
    await start(to, 'bank');
    await ask('POST', `/v1/verifications/${first.id}/cancel`);
    expect(ids(await list({ to }))).toEqual([second.id, first.id]);
    expect(ids(await list({ to: to.slice(3) }))).toEqual([second.id, first.id]);
    expect(ids(await list({ to, limit: '1' }))).toEqual([second.id]);
    expect(ids(await list({ to, status: 'canceled' }))).toEqual([first.id]);
    expect(ids(await list({ to, status: 'pending' }))).toEqual([second.id]);
    const createdAfter = (await list({ to })).verifications[1]!.createdAt;
    expect(ids(await list({ to, createdAfter }))).toEqual([second.id]);
    expect(ids(await list({ to: newNumber() }))).toEqual([]);
    const unescaped = await ask('GET', `/v1/verifications?to=${to}`, undefined, 'bank');
    expect((unescaped.body as unknown as List).verifications).toHaveLength(1);
    clock.advance(600);
    expect((await list({ to })).verifications.map(({ status }) => status)).toEqual(['expired', 'canceled']);
  });

  it('shows a service nothing of another', async () => {
    const { to } = await start();
    for (const query of [{}, { to }] as Record<string, string>[])
      expect(await list(query, 'empty')).toEqual({ verifications: [], cursor: null });
  });

  it.each([
    ['limit=0', '/limit'],
    ['limit=201', '/limit'],
    ['status=done', '/status'],
    ['createdAfter=yesterday', '/createdAfter'],
    ['createdAfter=2026-W41-5', '/createdAfter'],
    ['cursor=AAAA', '/cursor'],
    ['to=%2B86123', '/to'],
    ['from=1', '/from'],
  ])('refuses ?%s', async (query, pointer) => {
    expect(await ask('GET', `/v1/verifications?${query}`)).toMatchObject({
      status: 422,
      body: { errors: [{ pointer }] },
    });
  });
});
