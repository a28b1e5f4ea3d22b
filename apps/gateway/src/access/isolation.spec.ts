import { createHash } from 'node:crypto';
import { tempFile } from '../../../../test/support/temp-file.js';
import { startRedis, type Service } from '../../../../test/support/services.ts';
import { newNumber, testGateway } from '../../../../test/gateway/test-gateway.js';

const entryOf = (id: string, service: string) =>
  `${id}:verify:${createHash('sha256').update(`otp_${id}`).digest('hex')}:${service}`;
const as = (id: string) => ({ authorization: `Bearer otp_${id}` });

describe.each(['memory', 'Redis'])('a verification in %s', (where) => {
  let gateway: Awaited<ReturnType<typeof testGateway>>;
  let redis: Service | undefined;
  beforeAll(async () => {
    redis = where === 'Redis' ? await startRedis() : undefined;
    gateway = await testGateway({
      API_KEYS: [entryOf('shop-1', 'shop'), entryOf('shop-2', 'shop'), entryOf('bank', 'bank')].join(','),
      SERVICES_FILE: tempFile(JSON.stringify({ shop: {}, bank: {} })).path,
      RESEND_COOLDOWN_SECONDS: '1',
      ...(redis && { REDIS_URL: redis.url }),
    });
  });
  afterAll(async () => {
    await gateway.close();
    await redis?.stop();
  });

  it('is there for every key of its service, and for no other on any path', async () => {
    const to = newNumber();
    const { body } = await gateway.request('POST', '/v1/verifications', { to }, as('shop-1'));
    const code = await gateway.codeOf(body, to);
    const at = (more = '') => `/v1/verifications/${body.id}${more}`;
    const paths = [
      ['GET', at()],
      ['GET', at('/timeline')],
      ['POST', at('/checks'), { code }],
      ['POST', at('/resends'), {}],
      ['POST', at('/cancel'), {}],
      ['POST', '/v1/checks', { to, code }],
    ] as const;

    for (const [method, path, ask] of paths)
      expect(await gateway.request(method, path, ask, as('bank'))).toMatchObject({
        status: 404,
        body: { code: 'not_found' },
      });

    for (const query of ['', `?to=${encodeURIComponent(to)}`]) {
      const list = (id: string) => gateway.request('GET', `/v1/verifications${query}`, undefined, as(id));
      expect((await list('bank')).body).toEqual({ verifications: [], cursor: null });
      expect((await list('shop-2')).body).toMatchObject({ verifications: [{ id: body.id }] });
    }

    const shown = await gateway.request('GET', at(), undefined, as('shop-2'));
    expect(shown.body).toMatchObject({ service: 'shop', status: 'pending', attempts: { used: 0 } });
    expect(shown.body.delivery.sends).toHaveLength(1);
    const approved = await gateway.request('POST', at('/checks'), { code }, as('shop-2'));
    expect(approved.body).toMatchObject({ valid: true, status: 'approved' });
    expect(await gateway.request('POST', at('/checks'), { code }, as('bank'))).toMatchObject({ status: 404 });
  });

  it('answers another service as it answers for an id that never was', async () => {
    const { body } = await gateway.request('POST', '/v1/verifications', { to: newNumber() }, as('shop-1'));
    const never = `${body.id.slice(0, -8)}00000000`;
    const answers = await Promise.all(
      [body.id, never].map((id) =>
        gateway.request('GET', `/v1/verifications/${id}`, undefined, { ...as('bank'), 'x-request-id': 'same' }),
      ),
    );
    const [foreign, unknown] = answers.map(({ status, text }, n) => ({
      status,
      text: text.replaceAll([body.id, never][n]!, 'id'),
    }));
    expect(foreign).toEqual(unknown);
  });
});
