import { createHash } from 'node:crypto';
import { testGateway } from '../../../../test/gateway/test-gateway.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const API_KEYS = [
  `shop:verify:${sha256('shop')}`,
  `ops:operate:${sha256('ops')}`,
  `all:operate:${sha256('all')}:*`,
].join();

describe('the companies', () => {
  let gateway: Awaited<ReturnType<typeof testGateway>>;
  beforeAll(async () => {
    gateway = await testGateway({ API_KEYS });
  });
  afterAll(() => gateway.close());
  const ask = (key: string, method: string, path: string, body?: object) =>
    gateway.request(method, path, body, { authorization: `Bearer ${key}` });
  const pause = (key: string, body: object = { reason: 'maintenance' }, name = 'ccp') =>
    ask(key, 'POST', `/v1/companies/${name}/pause`, body);

  it('are seen with the scope operate, and paused with a key for all services', async () => {
    expect((await ask('shop', 'GET', '/v1/companies')).status).toBe(403);
    expect((await ask('ops', 'GET', '/v1/companies')).status).toBe(200);
    expect(await pause('shop')).toMatchObject({ status: 403, body: { missingScope: 'operate' } });
    for (const { status, body } of [await pause('ops'), await ask('ops', 'POST', '/v1/companies/ccp/resume')])
      expect({ status, body }).toMatchObject({ status: 403, body: { code: 'forbidden', missingService: '*' } });
    expect((await ask('all', 'GET', '/v1/companies')).body).toEqual({ companies: [] });
  });

  it('are those that there are', async () => {
    expect(await pause('all', undefined, 'nobody')).toMatchObject({
      status: 404,
      body: { code: 'not_found', detail: expect.stringContaining('ccp') },
    });
    expect((await ask('all', 'POST', '/v1/companies/nobody/resume')).status).toBe(404);
  });

  it.each([
    [{}],
    [{ reason: '' }],
    [{ reason: 'x'.repeat(201) }],
    [{ reason: 'x', forSeconds: 0 }],
    [{ reason: 'x', forSeconds: 604_801 }],
    [{ reason: 'x', forSeconds: 1.5 }],
    [{ reason: 'x', until: 'tomorrow' }],
  ])('are not paused by %j', async (body) => {
    expect(await pause('all', body)).toMatchObject({ status: 422, body: { code: 'invalid_request' } });
    expect((await ask('all', 'GET', '/v1/companies')).body).toEqual({ companies: [] });
  });

  it('show who paused them, why and for how long, without a number that somebody wrote there', async () => {
    const { status, body } = await pause('all', { reason: 'complaint of +8613800138000', forSeconds: 3600 });

    expect(status).toBe(200);
    expect(body).toMatchObject({ paused: true, pause: { reason: 'complaint of +86138****8000' }, changedBy: 'all' });
    const { pause: told, changedAt } = body as unknown as { pause: { until: string }; changedAt: string };
    expect(Date.parse(told.until) - Date.parse(changedAt)).toBe(3_600_000);
    expect(gateway.lines.join('')).toContain('complaint of +86138****8000');
    expect(gateway.lines.join('')).not.toContain('13800138000');

    const resumed = await ask('all', 'POST', '/v1/companies/ccp/resume');
    expect(resumed).toMatchObject({ status: 200, body: { paused: false, pause: null, changedBy: 'all' } });
    expect((await ask('all', 'POST', '/v1/companies/ccp/resume')).body).toEqual(resumed.body);
  });
});
