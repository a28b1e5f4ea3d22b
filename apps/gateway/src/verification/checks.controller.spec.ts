import { startRedis, type Service } from '../../../../test/support/services.ts';
import { holdClock, newNumber, releaseClock, testGateway } from '../../../../test/gateway/test-gateway.js';

describe.each(['memory', 'Redis'])('/v1/checks with verifications in %s', (where) => {
  let gateway: Awaited<ReturnType<typeof testGateway>>;
  let clock: ReturnType<typeof holdClock>;
  let redis: Service | undefined;

  beforeAll(async () => {
    redis = where === 'Redis' ? await startRedis() : undefined;
    gateway = await testGateway({
      DEFAULT_REGION: 'CN',
      LIMIT_CHECK_WAIT_SECONDS: '0',
      LIMIT_COOLDOWN_FREE_TEXTS: '100',
      ...(redis && { REDIS_URL: redis.url }),
    });
  });
  afterAll(async () => {
    await gateway.close();
    await redis?.stop();
  });
  beforeEach(() => {
    clock = holdClock(new Date('2026-10-09T10:00:00.250Z'));
  });
  afterEach(releaseClock);

  async function start(to: string, more: object = {}) {
    const { body } = await gateway.post('/v1/verifications', { to, ...more });
    return { id: body.id, code: await gateway.codeOf(body, to) };
  }
  const check = (to: string, code: string, more: object = {}) => gateway.post('/v1/checks', { to, code, ...more });
  const otherThan = (...codes: string[]) => ['000000', '000001', '000002'].find((code) => !codes.includes(code))!;
  const attemptsOf = async (id: string) =>
    ((await gateway.get(`/v1/verifications/${id}`)).body as unknown as { attempts: object }).attempts;

  it('approves the verification that the code was texted for, however number and code are written', async () => {
    const to = newNumber();
    const first = await start(to);
    clock.advance(60);
    const second = await start(to);
    const code = ` ${first.code.slice(0, 3)}-${first.code.slice(3)} `;
    expect(await check(`${to.slice(3, 6)} ${to.slice(6)}`, code)).toMatchObject({
      status: 200,
      body: {
        id: first.id,
        valid: true,
        status: 'approved',
        attempts: { used: 1, remaining: 4 },
        endedAt: '2026-10-09T10:01:00.250Z',
      },
    });
    expect(await gateway.get(`/v1/verifications/${first.id}`)).toMatchObject({ body: { status: 'approved' } });
    expect(await attemptsOf(second.id)).toEqual({ used: 0, remaining: 5 });
    expect(await check(to, second.code)).toMatchObject({ body: { id: second.id, valid: true } });
    expect(await check(to, second.code)).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it('a wrong code costs each of them an attempt and answers with the one texted last', async () => {
    const to = newNumber();
    const first = await start(to);
    clock.advance(60);
    const second = await start(to);
    const answer = await check(to, otherThan(first.code, second.code));
    expect(answer).toMatchObject({
      status: 200,
      body: { id: second.id, valid: false, result: 'code_incorrect', status: 'pending', attempts: { used: 1 } },
    });
    expect(await attemptsOf(first.id)).toEqual({ used: 1, remaining: 4 });
    const byId = await gateway.post(`/v1/verifications/${first.id}/checks`, { code: first.code });
    expect(byId.body).toMatchObject({ valid: true, attempts: { used: 2 } });
  });

  it('keeps to its purpose', async () => {
    const to = newNumber();
    const { id, code } = await start(to, { purpose: 'pay' });
    for (const more of [{}, { purpose: 'login' }])
      expect(await check(to, code, more)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await attemptsOf(id)).toEqual({ used: 0, remaining: 5 });
    expect(await check(to, code, { purpose: 'pay' })).toMatchObject({ body: { id, valid: true } });
  });

  it('answers for a known number with nothing pending as for one that nobody knows', async () => {
    const known = newNumber();
    const { code } = await start(known);
    await check(known, code);
    const answers = await Promise.all(
      [known, newNumber()].map((to) => gateway.request('POST', '/v1/checks', { to, code }, { 'x-request-id': 'same' })),
    );
    expect(answers[0]).toMatchObject({ status: 404 });
    expect(answers[0]!.text).toBe(answers[1]!.text);
    expect(answers[0]!.text).not.toContain(known.slice(3));
  });

  it.each(['abc', '', '12345', '1234567'])('%j cannot be the code: 422, and no attempt is used', async (code) => {
    const to = newNumber();
    const { id } = await start(to);
    expect(await check(to, code)).toMatchObject({
      status: 422,
      body: { code: 'invalid_request', errors: [{ pointer: '/code', detail: 'must be 6 digits' }] },
    });
    expect(await attemptsOf(id)).toEqual({ used: 0, remaining: 5 });
  });

  it.each([
    ['+86123', 'invalid_phone_number'],
    ['+861065529988', 'unsupported_number_type'],
  ])('refuses %s as a start does: %s', async (to, code) => {
    expect(await check(to, '123456')).toMatchObject({ status: 422, body: { code, errors: [{ pointer: '/to' }] } });
  });

  it('ends with the last wrong code, then nothing is pending', async () => {
    const to = newNumber();
    const { code } = await start(to);
    const wrong = otherThan(code);
    const answers = [];
    for (let n = 0; n < 6; n++) answers.push(await check(to, wrong));
    expect(answers[4]).toMatchObject({ status: 200, body: { valid: false, status: 'max_attempts_reached' } });
    expect(answers[5]).toMatchObject({ status: 404 });
  });

  it('twenty failed checks of a number in a day are all, and one request counts as one', async () => {
    const to = newNumber();
    const statuses: number[] = [];
    let body: object = {};
    for (let hour = 0; hour < 5; hour++) {
      const { code } = await start(to);
      clock.advance(60);
      const { code: other } = await start(to);
      const answers = [];
      for (let n = 0; n < (hour < 4 ? 5 : 1); n++) answers.push(await check(to, otherThan(code, other)));
      statuses.push(...answers.map(({ status }) => status));
      body = answers.at(-1)!.body;
      clock.advance(3_600);
    }
    expect(statuses).toEqual([...Array<number>(20).fill(200), 429]);
    expect(body).toMatchObject({ code: 'check_quota', 'violated-policies': ['checks-day'] });
  });
});
