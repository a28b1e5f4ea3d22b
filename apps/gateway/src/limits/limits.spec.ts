import { REDIS, type Environment, type Redis } from '@app/common';
import { createHash, randomInt } from 'node:crypto';
import { connectedRedis } from '../../../../test/gateway/stores.js';
import { holdClock, newNumber, releaseClock, testGateway } from '../../../../test/gateway/test-gateway.js';
import { startRedis, type Service } from '../../../../test/support/services.ts';
import { tempFile } from '../../../../test/support/temp-file.js';
import { parseList } from '../../../../test/support/structured-fields.js';

/** What a gateway that was told nothing has; the tests of other things turn these off. */
const DEFAULTS: Environment = {
  LIMIT_PREFIX_PER_HOUR: '20',
  LIMIT_IP_PER_HOUR: '20',
  LIMIT_IP_PER_DAY: '50',
  LIMIT_NO_IP_PER_HOUR: '100',
  LIMIT_NO_IP_PER_DAY: '1000',
};
const QUOTA_EXCEEDED = 'https://iana.org/assignments/http-problem-types#quota-exceeded';
const ABNORMAL_USAGE = 'https://iana.org/assignments/http-problem-types#abnormal-usage-detected';
const wrong = (code: string) => String((Number(code) + 1) % 10 ** code.length).padStart(code.length, '0');
let ips = 0;
/** One that no other test has. */
const newIp = () => `198.18.${++ips >> 8}.${ips & 255}`;
const times = <T>(count: number, action: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => action(index));
const statuses = (answers: readonly { status: number }[]) => answers.map(({ status }) => status);

describe.each(['memory', 'Redis'])('limits counted in %s', (where) => {
  let redis: Service | undefined;
  let gateway: Awaited<ReturnType<typeof testGateway>>;
  const others: { close(): Promise<void> }[] = [];
  let clock: ReturnType<typeof holdClock>;

  const opened = (more: Environment) => testGateway({ ...DEFAULTS, ...more, ...(redis && { REDIS_URL: redis.url }) });
  beforeAll(async () => {
    redis = where === 'Redis' ? await startRedis() : undefined;
    gateway = await opened({});
  });
  afterAll(async () => {
    await gateway.close();
    await redis?.stop();
  });
  beforeEach(() => {
    clock = holdClock(new Date('2026-10-09T10:00:00Z'));
  });
  afterEach(async () => {
    releaseClock();
    for (const other of others.splice(0)) await other.close();
  });

  /** A gateway with other settings, for one test. */
  async function another(more: Environment) {
    const one = await opened(more);
    others.push(one);
    return one;
  }

  type Gateway = typeof gateway;
  const start = (to: string, client: object = { ip: newIp() }, at: Gateway = gateway, headers = {}) =>
    at.request('POST', '/v1/verifications', { to, client }, headers);
  const check = (id: string, code: string) => gateway.post(`/v1/verifications/${id}/checks`, { code });
  const resend = (id: string, at: Gateway = gateway) => at.post(`/v1/verifications/${id}/resends`);
  async function started(to = newNumber(), client?: object) {
    const { status, body } = await start(to, client);
    expect(status).toBe(202);
    return { id: body.id, to, code: await gateway.codeOf(body, to) };
  }

  /** S19: what every 429 is. */
  function expectLimited(
    answer: Awaited<ReturnType<Gateway['post']>>,
    { code, policies, type = QUOTA_EXCEEDED }: { code: string; policies: readonly string[]; type?: string },
  ): number {
    expect(answer).toMatchObject({
      status: 429,
      headers: { 'content-type': expect.stringContaining('application/problem+json') },
      body: { type, status: 429, code, title: expect.any(String), detail: expect.any(String) },
    });
    const { retryAfter, 'violated-policies': violated } = answer.body as unknown as Record<string, unknown>;
    expect(violated).toEqual(policies);
    expect(answer.headers['retry-after']).toBe(String(retryAfter));
    return Number(retryAfter);
  }

  it('S42, S21 stops a range of numbers at its twentieth text, as abuse', async () => {
    const range = `+86138${String(randomInt(10 ** 4)).padStart(4, '0')}`;
    const sent = gateway.texts.count;
    const answers = [];
    for (let n = 0; n < 50; n++) answers.push(await start(`${range}${String(n).padStart(4, '0')}`));

    expect(statuses(answers)).toEqual([...Array<number>(20).fill(202), ...Array<number>(30).fill(429)]);
    for (const answer of answers.slice(20))
      expectLimited(answer, { code: 'prefix_quota', policies: ['prefix-hour'], type: ABNORMAL_USAGE });
    await started(); // another range goes on, and its text comes after all of theirs
    expect(gateway.texts.count).toBe(sent + 21);
  });

  it('S42 counts only texts that nobody approves', async () => {
    const range = `+86138${String(randomInt(10 ** 4)).padStart(4, '0')}`;
    const numbers = times(30, (n) => `${range}${String(n).padStart(4, '0')}`);
    for (const to of numbers.slice(0, 25)) {
      const { id, code } = await started(to);
      await check(id, code);
    }
    const last = await started(numbers[25]);
    for (let n = 0; n < 19; n++) await started(`${range}1${String(n).padStart(3, '0')}`);
    expect((await start(numbers[26]!)).status).toBe(429);
    await check(last.id, last.code);
    expect((await start(numbers[26]!)).status).toBe(202);
  });

  it('S42 a range that one service has used up is open to another, and to verifications that are trusted', async () => {
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
    const one = await another({
      API_KEYS: `shop:verify:${sha256('of-shop')}:shop,bank:verify:${sha256('of-bank')}:bank`,
      SERVICES_FILE: tempFile('{"shop": {}, "bank": {}}').path,
    });
    const range = `+86138${String(randomInt(10 ** 4)).padStart(4, '0')}`;
    let numbers = 0;
    const ask = (key: string, client: object = {}) =>
      start(`${range}${String(numbers++).padStart(4, '0')}`, { ip: newIp(), ...client }, one, {
        authorization: `Bearer ${key}`,
      });
    for (let n = 0; n < 20; n++) expect((await ask('of-shop')).status).toBe(202);
    expectLimited(await ask('of-shop'), { code: 'prefix_quota', policies: ['prefix-hour'], type: ABNORMAL_USAGE });

    expect((await ask('of-bank')).status).toBe(202);
    for (let n = 0; n < 20; n++) expect((await ask('of-shop', { trusted: true })).status).toBe(202);
    expect((await ask('of-shop', { trusted: true })).status).toBe(429);
  });

  it('stops a thousand numbers for one address; another address of the same key goes on', async () => {
    const ip = newIp();
    const answers = [];
    for (let n = 0; n < 20; n++) answers.push(...(await Promise.all(times(50, () => start(newNumber(), { ip })))));

    expect(statuses(answers).filter((status) => status === 202)).toHaveLength(20);
    const refused = answers.filter(({ status }) => status !== 202);
    for (const answer of refused) expectLimited(answer, { code: 'ip_quota', policies: ['ip-hour'] });
    expect((await start(newNumber(), { ip: newIp() })).status).toBe(202);
    expect((await start(newNumber(), { ip: `::ffff:${ip}` })).status).toBe(429);
  });

  it('S46 names the second at which an address may ask again, however long it has waited', async () => {
    const ip = newIp();
    const accepted: number[] = [];
    for (let n = 0; n < 70; n++) {
      const answer = await start(newNumber(), { ip });
      if (answer.status === 429) {
        const wait = expectLimited(answer, {
          code: 'ip_quota',
          policies: (answer.body as unknown as Record<string, string[]>)['violated-policies']!,
        });
        clock.advance(wait - 1);
        expect((await start(newNumber(), { ip })).status).toBe(429);
        clock.advance(1);
        expect((await start(newNumber(), { ip })).status).toBe(202);
      }
      accepted.push(Date.now());
    }
    for (const at of accepted) {
      expect(accepted.filter((other) => other > at - 3_600_000 && other <= at).length).toBeLessThanOrEqual(20);
      expect(accepted.filter((other) => other > at - 86_400_000 && other <= at).length).toBeLessThanOrEqual(50);
    }
  });

  it('S47 counts an IPv6 address with its /64', async () => {
    const net = `2001:db8:${randomInt(0xffff).toString(16)}:1`;
    for (let n = 0; n < 20; n++) expect((await start(newNumber(), { ip: `${net}::${n + 1}` })).status).toBe(202);
    expectLimited(await start(newNumber(), { ip: `${net}:ffff::1` }), { code: 'ip_quota', policies: ['ip-hour'] });
    expect((await start(newNumber(), { ip: `${net.slice(0, -1)}2::1` })).status).toBe(202);
  });

  it.each(['203.0.113', 'localhost', '203.0.113.7, 10.0.0.1', ''])('refuses %j as an address', async (ip) => {
    expect(await start(newNumber(), { ip })).toMatchObject({
      status: 422,
      body: { code: 'invalid_request', errors: [{ pointer: '/client/ip' }] },
    });
  });

  it('S17 counts requests without an address together, by key', async () => {
    const hash = (key: string) => createHash('sha256').update(key).digest('hex');
    const apiKeys = ['a', 'b'].map((id) => `${id}:verify:${hash(`otp_${id}`)}`).join(',');
    const one = await another({ API_KEYS: apiKeys, LIMIT_NO_IP_PER_HOUR: '3' });
    const as = (id: string) => ({ authorization: `Bearer otp_${id}` });
    for (let n = 0; n < 3; n++) expect((await start(newNumber(), {}, one, as('a'))).status).toBe(202);
    expectLimited(await start(newNumber(), { ip: null }, one, as('a')), { code: 'ip_quota', policies: ['no-ip-hour'] });
    expect((await start(newNumber(), {}, one, as('b'))).status).toBe(202);
    expect((await start(newNumber(), { ip: newIp() }, one, as('a'))).status).toBe(202);
  });

  it('S31, S46, S48 texts a number no more than carriers take, and waits longer each time', async () => {
    const to = newNumber();
    const begin = Date.now();
    const minutes: number[] = [];
    let id: string | undefined;
    while (minutes.length < 11) {
      const sent = gateway.texts.count;
      const ask = () => (id ? resend(id) : start(to));
      let answer = await ask();
      if (answer.status === 429) {
        const wait = Number(answer.headers['retry-after']);
        clock.advance(wait - 0.001);
        expect((await ask()).status).toBeGreaterThanOrEqual(409); // a verification may have expired meanwhile
        expect(gateway.texts.count).toBe(sent);
        clock.advance(0.001);
        answer = await ask();
      }
      if (answer.status === 409) {
        id = undefined;
        continue;
      }
      expect(answer.status).toBe(202);
      minutes.push((Date.now() - begin) / 60_000);
      id = answer.body.id;
      await gateway.codeOf(answer.body, to);
    }
    expect(minutes).toEqual([0, 1, 2, 3, 5, 60, 68, 84, 116, 148, 1440]);
  });

  it('S32 a text that is sent again has another code', async () => {
    const { id, to, code } = await started();
    expectLimited(await resend(id), { code: 'destination_in_cooldown', policies: ['number-cooldown'] });
    clock.advance(60);
    const { body } = await resend(id);
    expect(await gateway.codeOf(body, to)).not.toBe(code);
  });

  it('allows a number three pending verifications, and says when the next', async () => {
    const to = newNumber();
    for (let n = 0; n < 3; n++) {
      await started(to);
      clock.advance(60);
    }
    const wait = expectLimited(await start(to), { code: 'too_many_pending', policies: ['number-pending'] });
    expect(wait).toBe(120);
    clock.advance(wait);
    expect((await start(to)).status).toBe(202);
  });

  it('S6 refuses the twenty-first failed check of a number in a day, without using an attempt; trusted ones go on', async () => {
    const to = newNumber();
    const one = await another({ LIMIT_CHECK_WAIT_SECONDS: '0', LIMIT_NUMBER_PER_HOUR: '0', LIMIT_NUMBER_PER_DAY: '0' });
    const startAndFail = async (client: object, fails: number) => {
      const { body } = await start(to, client, one);
      const code = await one.codeOf(body, to);
      const answers = [];
      for (let n = 0; n < fails; n++)
        answers.push(await one.post(`/v1/verifications/${body.id}/checks`, { code: wrong(code) }));
      clock.advance(1920);
      return { id: body.id, code, answers };
    };
    for (let n = 0; n < 4; n++)
      expect(statuses((await startAndFail({ ip: newIp() }, 5)).answers)).toEqual(Array(5).fill(200));
    const { id, answers } = await startAndFail({ ip: newIp() }, 1);
    const wait = expectLimited(answers[0]!, { code: 'check_quota', policies: ['checks-day'] });
    expect(wait).toBe(86_400 - 4 * 1920);
    expect(await one.get(`/v1/verifications/${id}`)).toMatchObject({ body: { attempts: { used: 0, remaining: 5 } } });

    for (let n = 0; n < 2; n++)
      expect(statuses((await startAndFail({ ip: newIp(), trusted: true }, 5)).answers)).toEqual(Array(5).fill(200));
    const reserved = await startAndFail({ trusted: true }, 1);
    expectLimited(reserved.answers[0]!, { code: 'check_quota', policies: ['checks-day'] });
  });

  it('S11 makes guesses at one number wait longer and longer', async () => {
    const to = newNumber();
    const first = await started(to);
    for (let n = 0; n < 5; n++) expect((await check(first.id, wrong(first.code))).status).toBe(200);
    clock.advance(60);
    const { id, code } = await started(to);
    for (const seconds of [30, 60, 120]) {
      expect((await check(id, wrong(code))).status).toBe(200);
      expect(expectLimited(await check(id, code), { code: 'check_quota', policies: ['check-wait'] })).toBe(seconds);
      clock.advance(seconds);
    }
    expect(await check(id, code)).toMatchObject({ body: { valid: true } });
  });

  it("S56 a stranger's requests neither void, delay nor lock the owner's live verification", async () => {
    const { id, to, code } = await started();
    const ip = newIp();
    expect((await start(to, { ip })).status).toBe(429);
    for (let n = 0; n < 2; n++) {
      clock.advance(60);
      const stranger = await started(to, { ip });
      for (let guess = 0; guess < 5; guess++) await check(stranger.id, wrong(stranger.code));
    }
    clock.advance(60);
    expect((await start(to, { ip })).status).toBe(202);
    expect(await check(id, code)).toMatchObject({ body: { valid: true, status: 'approved', attempts: { used: 1 } } });
  });

  it("S11 a stranger's failures make the owner's first slip cost the first wait, and no more", async () => {
    const to = newNumber();
    for (const waits of [
      [0, 0, 0, 0, 60],
      [30, 60, 120, 60],
    ]) {
      const stranger = await started(to, { ip: newIp() });
      for (const seconds of waits) {
        expect((await check(stranger.id, wrong(stranger.code))).status).toBe(200);
        clock.advance(seconds);
      }
    }
    const { id, code } = await started(to);
    expect((await check(id, wrong(code))).status).toBe(200);
    expect(expectLimited(await check(id, code), { code: 'check_quota', policies: ['check-wait'] })).toBe(30);
    clock.advance(30);
    expect(await check(id, code)).toMatchObject({ body: { valid: true } });
  });

  it('limits keys, services and countries, and a text that is refused elsewhere counts for none of them', async () => {
    const one = await another({ LIMIT_KEY_PER_MINUTE: '2', LIMIT_SERVICE_PER_MINUTE: '3' });
    const to = newNumber();
    expect((await start(to, {}, one)).status).toBe(202);
    for (let n = 0; n < 5; n++)
      expectLimited(await start(to, {}, one), { code: 'destination_in_cooldown', policies: ['number-cooldown'] });
    expect((await start(newNumber(), {}, one)).status).toBe(202);
    expectLimited(await start(newNumber(), {}, one), { code: 'key_quota', policies: ['key-minute'] });
    const both = expectLimited(await start(to, {}, one), {
      code: 'key_quota',
      policies: ['number-cooldown', 'key-minute'],
    });
    clock.advance(both);
    expect((await start(to, {}, one)).status).toBe(202);

    clock.advance(120);
    const service = await another({ LIMIT_SERVICE_PER_MINUTE: '1' });
    expect((await start(newNumber(), {}, service)).status).toBe(202);
    expectLimited(await start(newNumber(), {}, service), { code: 'service_quota', policies: ['service-minute'] });
  });

  it('S15 sends no text to a country beyond its cap', async () => {
    const one = await another({ LIMIT_COUNTRY_PER_HOUR: '3', LIMIT_COUNTRY_PER_DAY: '4' });
    const ask = () => start(newNumber(), { ip: newIp() }, one);
    for (let n = 0; n < 3; n++) expect((await ask()).status).toBe(202);
    clock.advance(expectLimited(await ask(), { code: 'country_quota', policies: ['country-hour'] }));
    const last = await ask();
    expect(last.status).toBe(202);
    expectLimited(await ask(), { code: 'country_quota', policies: ['country-day'] });
    expect((await start('+447400123456', {}, one)).status).toBe(202);
    expect(one.texts.all.length).toBeLessThanOrEqual(5);
  });

  it('texts only to the countries that are allowed', async () => {
    const one = await another({ COUNTRIES: 'CN,HK' });
    expect((await start(newNumber(), {}, one)).status).toBe(202);
    expect((await start('+8616012345678', {}, one)).body).toMatchObject({ numberUnrecognized: true }); // S25
    const refused = await start('+447400123456', {}, one);
    expect(refused).toMatchObject({ status: 403, body: { code: 'country_not_allowed', country: 'GB' } });
  });

  it('S20 tells how the limits stand, in structured fields without personal data', async () => {
    const ip = newIp();
    const to = newNumber();
    const { headers, body } = await start(to, { ip });
    expect(parseList(headers['ratelimit-policy']!)).toEqual([
      { name: 'number-cooldown', parameters: { q: 1, w: 60 } },
      { name: 'number-hour', parameters: { q: 5, w: 3600 } },
      { name: 'number-day', parameters: { q: 10, w: 86_400 } },
      { name: 'ip-hour', parameters: { q: 20, w: 3600 } },
      { name: 'ip-day', parameters: { q: 50, w: 86_400 } },
      { name: 'prefix-hour', parameters: { q: 20, w: 3600 } },
    ]);
    expect(parseList(headers.ratelimit!)).toMatchObject([
      { name: 'number-cooldown', parameters: { r: 0, t: 60 } },
      { name: 'number-hour', parameters: { r: 4, t: 3600 } },
      { name: 'number-day', parameters: { r: 9, t: 86_400 } },
      { name: 'ip-hour', parameters: { r: 19 } },
      { name: 'ip-day', parameters: { r: 49 } },
      { name: 'prefix-hour', parameters: { r: expect.any(Number) } },
    ]);
    clock.advance(60);
    const again = await resend(body.id);
    expect(parseList(again.headers.ratelimit!)[3]).toMatchObject({ name: 'ip-hour', parameters: { r: 18 } });
    const refused = await resend(body.id);
    expect(parseList(refused.headers.ratelimit!)[0]).toEqual({ name: 'number-cooldown', parameters: { r: 0, t: 60 } });
    for (const { headers: some } of [again, refused, { headers }])
      for (const secret of [ip, to.slice(1), to.slice(-8)])
        expect(`${some.ratelimit} ${some['ratelimit-policy']}`).not.toContain(secret);
  });
});

it('a text that Redis refuses to save counts for nobody', async () => {
  const server = await connectedRedis();
  const gateway = await testGateway({ ...DEFAULTS, REDIS_URL: server.url });
  const [ip, to] = [newIp(), newNumber()];
  const start = (number: string) => gateway.post('/v1/verifications', { to: number, client: { ip } });
  expect((await start(to)).status).toBe(202);
  const keys = await server.redis.keys('otpost:*:number:*');
  const history = keys.find((key) => !key.endsWith(':verifications'));
  await server.redis.set(history!, 'what no script can read');

  for (let n = 0; n < 25; n++) expect((await start(to)).status).toBe(503);

  const answers = await Promise.all(times(20, () => start(newNumber())));
  expect(statuses(answers).filter((status) => status === 202)).toHaveLength(19);
  await gateway.close();
  await server.close();
});

it('S17, S21 without Redis answers 503 and sends nothing', async () => {
  const redis = await startRedis();
  const gateway = await testGateway({ REDIS_URL: redis.url, ...DEFAULTS });
  gateway.app.get<Redis>(REDIS).disconnect();
  const answer = await gateway.post('/v1/verifications', { to: newNumber(), client: { ip: newIp() } });
  expect(answer).toMatchObject({
    status: 503,
    headers: { 'retry-after': '5' },
    body: { type: 'https://iana.org/assignments/http-problem-types#temporary-reduced-capacity' },
  });
  expect(gateway.texts.all).toEqual([]);
  await gateway.close();
  await redis.stop();
});
