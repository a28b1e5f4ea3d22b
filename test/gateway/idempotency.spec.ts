import { REDIS, type Redis } from '@app/common';
import { startEmbeddedBroker } from '@app/embedded-broker';
import { createHash, randomUUID } from 'node:crypto';
import { sharedKeys, startGateway } from '../outbox/gateways.js';
import { startRedis, type Service } from '../support/services.ts';
import { freePort, until } from '../support/until.js';
import { holdClock, newNumber, releaseClock, testGateway } from './test-gateway.js';

type Gateway = Awaited<ReturnType<typeof testGateway>>;
const START = '/v1/verifications';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const API_KEYS = [`shop:verify:${sha256('key-of-shop')}`, `bank:verify:${sha256('key-of-bank')}`].join(',');

const postTo =
  (gateway: Gateway) =>
  (path: string, body: unknown, key: string = randomUUID(), apiKey = 'key-of-shop') =>
    gateway.request('POST', path, body, { 'idempotency-key': key, authorization: `Bearer ${apiKey}` });

describe.each(['memory', 'Redis'])('S22: Idempotency-Key, requests known in %s', (where) => {
  let redis: Service | undefined;
  let gateway: Gateway;
  let post: ReturnType<typeof postTo>;
  let clock: ReturnType<typeof holdClock>;

  beforeAll(async () => {
    redis = where === 'Redis' ? await startRedis() : undefined;
    gateway = await testGateway({ DEFAULT_REGION: 'CN', API_KEYS, ...(redis && { REDIS_URL: redis.url }) });
    post = postTo(gateway);
  });
  afterAll(async () => {
    await gateway.close();
    await redis?.stop();
  });
  beforeEach(() => {
    clock = holdClock(new Date('2026-10-09T10:00:00.250Z'));
  });
  afterEach(releaseClock);

  /** All texts so far, once the last one that was asked for is there. */
  async function textsAfter(body: { delivery: { sends: readonly { messageId: string }[] } }): Promise<number> {
    await gateway.texts.of(body.delivery.sends.at(-1)!.messageId);
    return gateway.texts.all.length;
  }

  it('the same request gets the same answer again, and no second text', async () => {
    const [key, body] = [randomUUID(), { to: newNumber(), metadata: { order: '7' } }];
    const first = await post(START, body, key);
    const texts = await textsAfter(first.body);
    clock.advance(3600);
    const again = await post(START, body, key);
    expect(first).toMatchObject({ status: 202 });
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect([again.status, again.text]).toEqual([202, first.text]);
    expect(again.headers).toMatchObject({
      location: first.headers.location,
      'content-type': first.headers['content-type'],
      'idempotency-replayed': 'true',
    });
    expect(again.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
    expect((await post(START, body, `"${key}"`)).text).toBe(first.text); // as the draft writes it
    await textsAfter((await post(START, { to: newNumber() })).body);
    expect(gateway.texts.all).toHaveLength(texts + 1);
  });

  it('fifty at once send one text', async () => {
    const [key, body] = [randomUUID(), { to: newNumber() }];
    const before = gateway.texts.all.length;
    const answers = await Promise.all(Array.from({ length: 50 }, () => post(START, body, key)));
    const served = answers.filter(({ status }) => status === 202);
    expect(new Set(served.map(({ text }) => text)).size).toBe(1);
    const refused = answers.filter(({ status }) => status !== 202);
    for (const answer of refused)
      expect(answer).toMatchObject({
        status: 409,
        headers: { 'retry-after': '1' },
        body: { code: 'idempotency_key_in_progress', retryAfter: 1 },
      });
    expect(await post(START, body, key)).toMatchObject({ status: 202, text: served[0]!.text });
    await textsAfter((await post(START, { to: newNumber() })).body);
    expect(gateway.texts.all).toHaveLength(before + 2);
  });

  it('another request with the same key is refused', async () => {
    const key = randomUUID();
    const { body } = await post(START, { to: newNumber() }, key);
    const reused = { status: 422, body: { code: 'idempotency_key_reused' } };
    expect(await post(START, { to: newNumber() }, key)).toMatchObject(reused);
    clock.advance(60);
    const resend = randomUUID();
    expect(await post(`${START}/${body.id}/resends`, {}, resend)).toMatchObject({ status: 202 });
    const other = await post(START, { to: newNumber() });
    expect(await post(`${START}/${other.body.id}/resends`, {}, resend)).toMatchObject(reused);
  });

  it("a key is its caller's and its route's own", async () => {
    const key = randomUUID();
    const first = await post(START, { to: newNumber() }, key);
    const bank = await post(START, { to: newNumber() }, key, 'key-of-bank');
    expect(bank).toMatchObject({ status: 202 });
    expect(bank.body.id).not.toBe(first.body.id);
    expect(await post(`${START}/${first.body.id}/cancel`, undefined, key)).toMatchObject({ status: 200 });
  });

  it('resends and cancels are given again too; a check is made each time', async () => {
    const { body } = await post(START, { to: newNumber() });
    clock.advance(60);
    for (const [path, status] of Object.entries({ resends: 202, cancel: 200 })) {
      const key = randomUUID();
      const first = await post(`${START}/${body.id}/${path}`, {}, key);
      const again = await post(`${START}/${body.id}/${path}`, {}, key);
      expect([path, first.status, again.status, again.text]).toEqual([path, status, status, first.text]);
    }
    const check = randomUUID();
    const { body: open } = await post(START, { to: newNumber() });
    const attempts = async () => (await post(`${START}/${open.id}/checks`, { code: '000000' }, check)).text;
    expect(await attempts()).toContain('"used":1');
    expect(await attempts()).toContain('"used":2');
  });

  it('a refusal that depends on what was there is given again', async () => {
    const key = randomUUID();
    const { body } = await post(START, { to: newNumber() });
    expect(await post(`${START}/${body.id}/cancel`, {})).toMatchObject({ status: 200 });
    const first = await post(`${START}/${body.id}/cancel`, {}, key);
    const again = await post(`${START}/${body.id}/cancel`, {}, key);
    expect(first).toMatchObject({ status: 409, body: { code: 'verification_not_pending' } });
    expect(again).toMatchObject({ status: 409, headers: { 'idempotency-replayed': 'true' } });
    const { requestId: _, ...problem } = JSON.parse(first.text) as Record<string, unknown>;
    expect(JSON.parse(again.text)).toEqual({ ...problem, requestId: again.headers['x-request-id'] });
  });

  it('a refusal of what can never be is made again, and leaves nothing', async () => {
    const requests = async () => (redis ? (await gateway.app.get<Redis>(REDIS).keys('otpost:*:request*')).length : 0);
    const before = await requests();
    for (const [path, body, status] of [
      [START, { to: '+86123' }, 422],
      [`${START}/${'vrf_' + '0'.repeat(34)}/cancel`, {}, 404],
    ] as const) {
      const key = randomUUID();
      const [first, again] = [await post(path, body, key), await post(path, body, key)];
      expect([first.status, again.status]).toEqual([status, status]);
      expect(again.headers['idempotency-replayed']).toBeUndefined();
      expect(await post(START, { to: newNumber() }, key)).toMatchObject({ status: 202 }); // the key is still new
    }
    expect(await requests()).toBe(before + (redis ? 2 : 0));
  });

  it('a limit, and a body that needs repair, are no answers to keep', async () => {
    const [to, key] = [newNumber(), randomUUID()];
    await post(START, { to });
    expect(await post(START, { to }, key)).toMatchObject({ status: 429 });
    clock.advance(60);
    expect(await post(START, { to }, key)).toMatchObject({ status: 202 });

    const other = randomUUID();
    expect(await post(START, { to: 7 }, other)).toMatchObject({ status: 422, body: { code: 'invalid_request' } });
    expect(await post(START, { to: newNumber() }, other)).toMatchObject({ status: 202 });
  });

  it.each([
    ['256 characters', 'x'.repeat(256)],
    ['two words', 'a b'],
    ['nothing', '""'],
  ])('%s: no key', async (_what, key) => {
    expect(await post(START, { to: newNumber() }, key)).toMatchObject({
      status: 400,
      body: { code: 'idempotency_key_invalid' },
    });
  });

  it('counts what it found', async () => {
    const metrics = (await gateway.get('/metrics')).text;
    for (const outcome of ['begun', 'answered', 'reused', 'running'])
      expect(metrics).toMatch(new RegExp(`otpost_idempotent_requests_total\\{outcome="${outcome}"\\} [1-9]`));
  });
});

describe('S22: a gateway that dies between the mark and the answer', () => {
  let redis: Service;
  let gateway: Gateway;
  let store: Redis;
  let post: ReturnType<typeof postTo>;
  const keys = async (pattern: string) => {
    const all = await store.keys(pattern);
    expect(all.length).toBeGreaterThan(0);
    return all;
  };

  beforeAll(async () => {
    redis = await startRedis();
    gateway = await testGateway({ REDIS_URL: redis.url, RESEND_COOLDOWN_SECONDS: '1' });
    store = gateway.app.get<Redis>(REDIS);
    post = postTo(gateway);
  });
  beforeEach(() => store.flushdb());
  afterAll(async () => {
    await gateway.close();
    await redis.stop();
  });

  /** What Redis holds when the gateway has died: the request is known, it has no answer, and its mark runs. */
  async function die(): Promise<void> {
    for (const request of await keys('otpost:*:request')) {
      await store.hdel(request, 'answer');
      await store.set(`${request}:running`, 'the dead', 'PX', 10_000);
    }
  }
  const lapse = async () => {
    for (const mark of await keys('otpost:*:request:running')) await store.pexpire(mark, 0);
  };
  const cooledDown = (id: string) =>
    until('the cooldown is over', 3, async () => {
      const { resend } = (await gateway.get(`${START}/${id}`)).body as unknown as { resend: object };
      return Reflect.get(resend, 'availableInSeconds') === 0;
    });

  it('after it had saved: the repetition answers with what was saved, and sends nothing', async () => {
    const [key, body] = [randomUUID(), { to: newNumber() }];
    const first = await post(START, body, key);
    await gateway.texts.of(first.body.delivery.sends[0]!.messageId);
    await cooledDown(first.body.id);
    await die();
    expect(await post(START, body, key)).toMatchObject({ status: 409, body: { code: 'idempotency_key_in_progress' } });
    await lapse();
    const again = await post(START, body, key);
    expect(again).toMatchObject({ status: 202, headers: { location: first.headers.location } });
    expect(again.body.id).toBe(first.body.id);
    expect(again.body.delivery.sends).toHaveLength(1);
    expect(await post(START, body, key)).toMatchObject({ status: 202, text: again.text });

    await cooledDown(first.body.id);
    const resend = randomUUID();
    const path = `${START}/${first.body.id}/resends`;
    const sent = await post(path, {}, resend);
    const { messageId } = sent.body.delivery.sends[1]!;
    await gateway.texts.of(messageId);
    await cooledDown(first.body.id);
    await die();
    await lapse();
    const repeated = await post(path, {}, resend);
    expect([repeated.status, repeated.body.delivery.sends.map((send) => send.messageId)]).toEqual([
      202,
      [first.body.delivery.sends[0]!.messageId, messageId],
    ]);
    expect(gateway.texts.all.filter((text) => text.verificationId === first.body.id)).toHaveLength(2);
  });

  it('before it had saved anything: the repetition does it', async () => {
    const [key, body] = [randomUUID(), { to: newNumber() }];
    const first = await post(START, body, key);
    await cooledDown(first.body.id);
    await die();
    await lapse();
    await store.del(await keys('otpost:*:verification:*'));
    const again = await post(START, body, key);
    expect([again.status, again.body.id]).toEqual([202, first.body.id]);
    expect(await gateway.get(`${START}/${first.body.id}`)).toMatchObject({ status: 200 });
  });

  it('what is kept of a request tells neither number nor code nor key', async () => {
    const [key, to] = [`for-${newNumber()}`, newNumber()];
    const { body } = await post(START, { to }, key);
    const code = await gateway.codeOf(body, to);
    const requests = await keys('otpost:*:request');
    const kept = JSON.stringify([requests, await Promise.all(requests.map((request) => store.hgetall(request)))]);
    expect(kept).toContain(body.id);
    for (const secret of [to.slice(1), `"${code}"`, key]) expect(kept).not.toContain(secret);
  });

  it('Redis away: 503, and nothing is sent', async () => {
    const texts = gateway.texts.all.length;
    store.disconnect();
    expect(await post(START, { to: newNumber() })).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      body: { code: 'dependency_unavailable' },
    });
    expect(gateway.texts.all).toHaveLength(texts);
  });
});

it('S22: 503 is no answer to keep: the repetition is served', async () => {
  const port = await freePort();
  const environment = { ...sharedKeys(), RABBITMQ_URL: `amqp://guest:guest@127.0.0.1:${port}`, OUTBOX_MAX: '64' };
  const { url, close } = await startGateway(environment);
  const start = async (to: string) => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': to.slice(1) };
    const response = await fetch(url + START, { method: 'POST', headers, body: JSON.stringify({ to }) });
    return { status: response.status, text: await response.text() };
  };
  let to = newNumber();
  while ((await start(to)).status !== 503) to = newNumber(); // until the outbox of a tag is full
  expect((await start(to)).status).toBe(503);

  const broker = await startEmbeddedBroker({ port });
  const served = await until('a place in the outbox', 15, async () => {
    const answer = await start(to);
    return answer.status === 202 && answer;
  });
  expect(await start(to)).toEqual(served);
  await close();
  await broker.close();
});

it('S22: a missing key is refused where the settings want one', async () => {
  const gateway = await testGateway({ IDEMPOTENCY_KEY_REQUIRED: 'true' });
  expect(await gateway.post(START, { to: newNumber() })).toMatchObject({
    status: 400,
    body: { code: 'idempotency_key_missing' },
  });
  const { status, body } = await postTo(gateway)(START, { to: newNumber() });
  expect(status).toBe(202);
  expect(await gateway.post(`${START}/${body.id}/checks`, { code: '000000' })).toMatchObject({ status: 200 });
  await gateway.close();
});
