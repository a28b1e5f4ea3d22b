import { isSealed, REDIS, type Redis } from '@app/common';
import { startRedis, type Service } from '../../../../test/support/services.ts';
import { holdClock, newNumber, releaseClock, testGateway } from '../../../../test/gateway/test-gateway.js';

const wrong = (code: string) => String((Number(code) + 1) % 10 ** code.length).padStart(code.length, '0');

describe.each(['memory', 'Redis'])('/v1/verifications with verifications in %s', (where) => {
  let gateway: Awaited<ReturnType<typeof testGateway>>;
  let clock: ReturnType<typeof holdClock>;
  const at = (id: string, more = '') => `/v1/verifications/${id}${more}`;

  let redis: Service | undefined;

  beforeAll(async () => {
    redis = where === 'Redis' ? await startRedis() : undefined;
    gateway = await testGateway({ DEFAULT_REGION: 'CN', ...(redis && { REDIS_URL: redis.url }) });
  });
  afterAll(async () => {
    await gateway.close();
    await redis?.stop();
  });
  beforeEach(() => {
    clock = holdClock(new Date('2026-10-09T10:00:00.250Z'));
  });
  afterEach(releaseClock);

  async function started(more: object = {}) {
    const to = newNumber();
    const { body } = await gateway.post('/v1/verifications', { to, ...more });
    return { id: body.id, to, messageId: body.delivery.sends[0]!.messageId, code: await gateway.codeOf(body, to) };
  }

  describe('start', () => {
    it('S14: answers for a number that was approved before as for one that nobody has ever seen', async () => {
      const known = await started();
      expect((await gateway.post(at(known.id, '/checks'), { code: known.code })).body).toMatchObject({ valid: true });
      clock.advance(3600);
      const answers = [];
      for (const to of [known.to, newNumber()]) {
        const { status, headers, text, body } = await gateway.post('/v1/verifications', { to });
        const own = [body.id, body.delivery.sends[0]!.messageId, `${to.slice(0, 6)}****${to.slice(-4)}`];
        answers.push({
          status,
          headers: Object.keys(headers).sort(),
          text: own.reduce((told, part) => told.replaceAll(part, '…'), text),
        });
      }
      expect(answers[0]).toEqual(answers[1]);
    });

    it('answers at once with everything but the code', async () => {
      const to = newNumber();
      const answer = await gateway.post('/v1/verifications', { to, purpose: 'login', metadata: { order: '77' } });
      const { id } = answer.body;
      expect(id).toMatch(/^vrf_[0-9a-f]{34}$/);
      expect(answer).toMatchObject({ status: 202, headers: { location: at(id) } });
      expect(answer.body).toEqual({
        id,
        service: 'default',
        to: `${to.slice(0, 6)}****${to.slice(-4)}`,
        channel: 'sms',
        purpose: 'login',
        template: 'verification-code',
        locale: 'zh-CN',
        status: 'pending',
        reason: null,
        code: { length: 6, alphabet: 'digits' },
        attempts: { used: 0, remaining: 5 },
        resend: { remaining: 4, availableAt: '2026-10-09T10:01:00.250Z', availableInSeconds: 60 },
        delivery: {
          status: 'queued',
          sends: [
            {
              messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
              status: 'queued',
              queuedAt: '2026-10-09T10:00:00.250Z',
              expiresAt: '2026-10-09T10:05:00.250Z',
            },
          ],
        },
        metadata: { order: '77' },
        createdAt: '2026-10-09T10:00:00.250Z',
        expiresAt: '2026-10-09T10:05:00.250Z',
        endedAt: null,
        serverTime: '2026-10-09T10:00:00.250Z',
      });
      expect(answer.text).not.toContain(await gateway.codeOf(answer.body, to));
      expect(answer.text).not.toContain(to.slice(1));
    });

    it('publishes a text whose number and code only a worker can read', async () => {
      const { id, to, code, messageId } = await started();
      const text = await gateway.texts.of(messageId);
      expect(text).toMatchObject({
        verificationId: id,
        template: 'verification-code',
        locale: 'zh-CN',
        params: { minutes: '5' },
        expiresAt: '2026-10-09T10:05:00.250Z',
      });
      expect([isSealed(text.to), isSealed(text.params.code)]).toEqual([true, true]);
      expect(code).toMatch(/^\d{6}$/);
      expect(JSON.stringify(text)).not.toContain(to.slice(3));
    });

    it('reads numbers as people write them, and marks those of ranges that nobody knows', async () => {
      const national = newNumber().slice(3);
      const { status } = await gateway.post('/v1/verifications', {
        to: ` ${national.slice(0, 3)} ${national.slice(3)}`,
      });
      expect(status).toBe(202);
      const unknown = await gateway.post('/v1/verifications', { to: `+86160${newNumber().slice(6)}`, locale: 'en' });
      expect(unknown).toMatchObject({ status: 202, body: { numberUnrecognized: true, locale: 'en' } });
    });

    it.each([
      ['+86123', 'invalid_phone_number'],
      ['+861065529988', 'unsupported_number_type'],
      ['+18005550123', 'unsupported_number_type'],
    ])('refuses %s: %s', async (to, code) => {
      const answer = await gateway.post('/v1/verifications', { to });
      expect(answer).toMatchObject({ status: 422, body: { code, errors: [{ pointer: '/to' }] } });
      expect(answer.text).not.toContain(to.slice(1));
    });

    it('refuses a second text to a number within the cooldown, and says when to come back', async () => {
      const { to } = await started();
      const sent = gateway.texts.count;
      clock.advance(59.9);
      const { status, headers, body } = await gateway.post('/v1/verifications', { to });
      expect({ status, headers, body }).toMatchObject({
        status: 429,
        headers: {
          'retry-after': '1',
          'ratelimit-policy': '"number-cooldown";q=1;w=60, "number-hour";q=5;w=3600, "number-day";q=10;w=86400',
          ratelimit: '"number-cooldown";r=0;t=1, "number-hour";r=4;t=3541, "number-day";r=9;t=86341',
        },
        body: { code: 'destination_in_cooldown', retryAfter: 1, 'violated-policies': ['number-cooldown'] },
      });
      clock.advance(0.1);
      const later = await gateway.post('/v1/verifications', { to });
      expect(later.status).toBe(202);
      await gateway.codeOf(later.body, to);
      expect(gateway.texts.count).toBe(sent + 1);
    });

    it('leaves the earlier verification of a number its code', async () => {
      const { id, to, code } = await started();
      clock.advance(60);
      await gateway.post('/v1/verifications', { to });
      expect(await gateway.post(at(id, '/checks'), { code })).toMatchObject({ body: { status: 'approved' } });
    });
  });

  describe('check', () => {
    it('approves with the right code, however it is typed, and only once', async () => {
      const { id, code } = await started();
      const typed = ` ${code.slice(0, 3)}-${code.slice(3).replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit)))} `;
      expect(await gateway.post(at(id, '/checks'), { code: typed })).toMatchObject({
        status: 200,
        body: {
          id,
          valid: true,
          status: 'approved',
          attempts: { used: 1, remaining: 4 },
          endedAt: '2026-10-09T10:00:00.250Z',
        },
      });
      expect(await gateway.post(at(id, '/checks'), { code })).toMatchObject({
        status: 409,
        body: { code: 'verification_not_pending', verificationStatus: 'approved', status: 409 },
      });
    });

    it('answers a wrong code with what is left, and ends with the last one', async () => {
      const { id, code } = await started();
      const answers = [];
      for (let n = 0; n < 6; n++) answers.push(await gateway.post(at(id, '/checks'), { code: wrong(code) }));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 409]);
      expect(answers[0]?.body).toMatchObject({
        valid: false,
        result: 'code_incorrect',
        status: 'pending',
        attempts: { used: 1, remaining: 4 },
      });
      expect(answers[4]?.body).toMatchObject({
        valid: false,
        result: 'code_incorrect',
        status: 'max_attempts_reached',
        attempts: { used: 5, remaining: 0 },
      });
      expect(answers[5]?.body).toMatchObject({ verificationStatus: 'max_attempts_reached' });
    });

    it.each(['12345', '1234567', 'abcdef', ''])('uses no attempt for %j', async (code) => {
      const { id } = await started();
      expect(await gateway.post(at(id, '/checks'), { code })).toMatchObject({
        status: 422,
        body: { code: 'invalid_request', errors: [{ pointer: '/code', detail: 'must be 6 digits' }] },
      });
      expect(await gateway.get(at(id))).toMatchObject({ body: { attempts: { used: 0, remaining: 5 } } });
    });

    it('evaluates five of a hundred guesses at once', async () => {
      const { id, code } = await started();
      const guesses = Array.from({ length: 100 }, () => gateway.post(at(id, '/checks'), { code: wrong(code) }));
      const statuses = (await Promise.all(guesses)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(5);
      expect(statuses.filter((status) => status === 409)).toHaveLength(95);
    });

    it('takes the code of no other verification, and it costs an attempt', async () => {
      const first = await started();
      const second = await started();
      if (first.code === second.code) return;
      expect(await gateway.post(at(second.id, '/checks'), { code: first.code })).toMatchObject({
        body: { valid: false, attempts: { used: 1 } },
      });
    });

    it.each(['', '/timeline'])('knows no verification that was never started: GET …%s', async (path) => {
      for (const id of ['vrf_' + '0'.repeat(34), 'nonsense', 'vrf_x'])
        expect(await gateway.get(at(id, path))).toMatchObject({ status: 404, body: { code: 'not_found' } });
    });

    it.each(['/checks', '/resends', '/cancel'])(
      'knows no verification that was never started: POST …%s',
      async (path) => {
        for (const id of ['vrf_' + '0'.repeat(34), 'nonsense'])
          expect(await gateway.post(at(id, path), path === '/checks' ? { code: '123456' } : {})).toMatchObject({
            status: 404,
            body: { code: 'not_found' },
          });
      },
    );
  });

  it('expires, stays readable for a day, then is gone', async () => {
    const { id, code } = await started();
    clock.advance(300);
    expect(await gateway.post(at(id, '/checks'), { code })).toMatchObject({
      status: 409,
      body: { verificationStatus: 'expired' },
    });
    clock.advance(86_399);
    expect(await gateway.get(at(id))).toMatchObject({
      status: 200,
      body: {
        status: 'expired',
        endedAt: '2026-10-09T10:05:00.250Z',
        resend: { remaining: 0, availableAt: null, availableInSeconds: null },
      },
    });
    clock.advance(1);
    expect(await gateway.get(at(id))).toMatchObject({ status: 404 });
  });

  describe('resend', () => {
    it('sends a new code in a new text; both codes work and share their attempts', async () => {
      const { id, to, code } = await started();
      await gateway.post(at(id, '/checks'), { code: wrong(code) });
      clock.advance(60);
      const answer = await gateway.post(at(id, '/resends'));
      expect(answer).toMatchObject({
        status: 202,
        body: {
          attempts: { used: 1, remaining: 4 },
          resend: { remaining: 3, availableInSeconds: 60 },
          expiresAt: '2026-10-09T10:06:00.250Z',
          delivery: { status: 'queued', sends: [{}, {}] },
        },
      });
      const [first, second] = answer.body.delivery.sends as [{ messageId: string }, { messageId: string }];
      expect(second.messageId).not.toBe(first.messageId);
      expect(await gateway.texts.of(second.messageId)).toMatchObject({ verificationId: id });
      expect(await gateway.codeOf(answer.body, to)).toMatch(/^\d{6}$/);
      expect(await gateway.post(at(id, '/checks'), { code })).toMatchObject({ body: { valid: true } });
    });

    it('shares the cooldown of the number with start', async () => {
      const { id, to } = await started();
      expect(await gateway.post(at(id, '/resends'))).toMatchObject({
        status: 429,
        headers: { 'retry-after': '60' },
        body: { code: 'destination_in_cooldown', retryAfter: 60 },
      });
      clock.advance(60);
      await gateway.post('/v1/verifications', { to });
      expect(await gateway.get(at(id))).toMatchObject({ body: { resend: { remaining: 4, availableInSeconds: 60 } } });
      expect(await gateway.post(at(id, '/resends'))).toMatchObject({ status: 429 });
    });

    it('ends after five texts', async () => {
      const { id } = await started();
      for (const wait of [60, 60, 60, 120]) {
        clock.advance(wait);
        expect(await gateway.post(at(id, '/resends'), undefined)).toMatchObject({ status: 202 });
      }
      clock.advance(60);
      expect(await gateway.post(at(id, '/resends'))).toMatchObject({ status: 409, body: { code: 'no_sends_left' } });
    });
  });

  it('cancels for good', async () => {
    const { id, code } = await started();
    expect(await gateway.request('POST', at(id, '/cancel'))).toMatchObject({
      status: 200,
      body: { status: 'canceled' },
    });
    for (const [path, body] of Object.entries({ '/checks': { code }, '/resends': {}, '/cancel': {} }))
      expect(await gateway.post(at(id, path), body)).toMatchObject({
        status: 409,
        body: { verificationStatus: 'canceled' },
      });
  });

  it('tells everything that happened, and no code', async () => {
    const { id, code } = await started();
    await gateway.post(at(id, '/checks'), { code: wrong(code) });
    clock.advance(60);
    await gateway.post(at(id, '/resends'));
    await gateway.post(at(id, '/checks'), { code });
    const { body, text } = await gateway.get(at(id, '/timeline'));
    expect(body).toMatchObject({ id, status: 'approved', serverTime: '2026-10-09T10:01:00.250Z' });
    expect(body.timeline.map(({ at: time, event }) => `${time.slice(14, 19)} ${event}`)).toEqual([
      '00:00 verification.created',
      '00:00 send.queued',
      '00:00 check.incorrect',
      '01:00 send.queued',
      '01:00 check.correct',
      '01:00 verification.approved',
    ]);
    expect(text).not.toContain(code);
  });

  it('counts what it did, and logs neither numbers nor codes', async () => {
    const { to, code } = await started({ client: { ip: '203.0.113.77', userAgent: 'agent-of-the-user' } });
    await gateway.post('/v1/verifications', { to });
    const metrics = (await gateway.get('/metrics')).text;
    expect(metrics).toMatch(/otpost_verifications_started_total\{outcome="queued"\} [1-9]/);
    expect(metrics).toMatch(/otpost_verifications_started_total\{outcome="limited"\} [1-9]/);
    expect(metrics).toMatch(/otpost_checks_total\{outcome="correct"\} [1-9]/);
    expect(metrics).toMatch(/otpost_limited_total\{limit="number-cooldown"\} [1-9]/);
    const log = gateway.lines.join('');
    expect(log).toContain('number-cooldown');
    for (const secret of [to.slice(1), `"${code}"`, '203.0.113.77', 'agent-of-the-user'])
      expect(log).not.toContain(secret);
  });
});

it('answers 503 and sends nothing while Redis is away', async () => {
  const redis = await startRedis();
  const gateway = await testGateway({ REDIS_URL: redis.url });
  gateway.app.get<Redis>(REDIS).disconnect();
  const answer = await gateway.post('/v1/verifications', { to: newNumber() });
  expect(answer).toMatchObject({
    status: 503,
    headers: { 'retry-after': '5' },
    body: { code: 'dependency_unavailable' },
  });
  expect(gateway.texts.all).toEqual([]);
  await gateway.close();
  await redis.stop();
});
