import { startEmbeddedBroker, type EmbeddedBroker } from '@app/embedded-broker';
import { holdClock, newNumber, releaseClock, takeTexts } from '../gateway/test-gateway.js';
import { startRedis, type Service } from '../support/services.ts';
import { freePort, until } from '../support/until.js';
import { messageIdOf, startGateway, type Gateway } from './gateways.js';

import.meta.jest.setTimeout(60_000);

/** What callers and texts meet while there is no broker, or one that takes nothing. */
describe.each(['memory', 'Redis'])('a broker that is away, texts in %s', (where) => {
  let redis: Service | undefined;
  let broker: EmbeddedBroker;
  let gateway: Gateway;
  let port: number;

  beforeEach(async () => {
    redis = where === 'Redis' ? await startRedis() : undefined;
    port = await freePort();
    broker = await startEmbeddedBroker({ port });
  });
  afterEach(async () => {
    await gateway.close();
    await broker.close();
    await redis?.stop();
  });
  const begin = async (more: Record<string, string> = {}) => {
    gateway = await startGateway({
      RABBITMQ_URL: broker.url,
      PUBLISH_TIMEOUT_SECONDS: '10', // a slow machine repeats nothing
      ...(redis && { REDIS_URL: redis.url }),
      ...more,
    });
    await gateway.connected();
  };
  const takeAway = async () => {
    await broker.close();
    await gateway.disconnected();
  };
  const bringBack = async () => {
    broker = await startEmbeddedBroker({ port });
    await gateway.connected();
  };

  it('costs no request and no text, and is told once', async () => {
    await begin();
    await takeAway();
    const answers = await Promise.all(Array.from({ length: 100 }, () => gateway.start()));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(100);
    expect(await gateway.get('/readyz')).toMatchObject({ status: 200, body: { status: 'ready' } });
    await until('they are counted', 5, async () => (await gateway.metric('otpost_outbox_entries')) === 100);

    await bringBack();
    const texts = await takeTexts(broker.url);
    await gateway.emptied();
    await until('all have arrived', 5, () => texts.count === 100);
    expect(new Set(texts.all.map(({ messageId }) => messageId))).toEqual(new Set(answers.map(messageIdOf)));
    expect(texts.all).toHaveLength(100);
    expect(await gateway.metric('otpost_outbox_relayed_total{outcome="confirmed"}')).toBe(100);
    const told = gateway.logged().filter(({ msg }) => msg.includes('outbox'));
    expect(told).toMatchObject([
      { msg: 'texts wait in the outbox', reason: 'disconnected' },
      { msg: 'the outbox is empty again', relayed: 100 },
    ]);
    await texts.close();
  });

  it('keeps a resend as it keeps a start', async () => {
    await begin({ RESEND_COOLDOWN_SECONDS: '1' });
    await takeAway();
    const { body } = await gateway.start();
    const again = await until('the cooldown is over', 5, async () => {
      const answer = await gateway.post(`/v1/verifications/${body.id}/resends`);
      return answer.status === 202 && answer;
    });
    await bringBack();
    const texts = await takeTexts(broker.url);
    expect(await texts.of(messageIdOf(again))).toMatchObject({ verificationId: body.id });
    await until('both have arrived', 5, () => texts.count === 2);
    await texts.close();
  });

  it('an alarm is no different: what it holds back is sent when it is over', async () => {
    await begin({ PUBLISH_TIMEOUT_SECONDS: '0.5' });
    const texts = await takeTexts(broker.url);
    broker.block('low on memory');
    const answers = [await gateway.start(), await gateway.start(), await gateway.start()];
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    broker.unblock();
    for (const answer of answers) await texts.of(messageIdOf(answer));
    await gateway.emptied();
    expect(await gateway.start()).toMatchObject({ status: 202 });
    expect(await gateway.metric('otpost_verifications_started_total{outcome="queued"}')).toBe(1);
    await texts.close();
  });

  it('does not text for a verification that has ended meanwhile', async () => {
    await begin();
    await takeAway();
    const [canceled, kept] = [await gateway.start(), await gateway.start()];
    await gateway.post(`/v1/verifications/${canceled.body.id}/cancel`);
    await bringBack();
    const texts = await takeTexts(broker.url);
    await texts.of(messageIdOf(kept));
    await gateway.emptied();
    expect(texts.count).toBe(1);
    await texts.close();
  });

  it('tells of a code that died meanwhile instead of texting it', async () => {
    await begin();
    await takeAway();
    const clock = holdClock(new Date());
    const { body, ...answer } = await gateway.start();
    clock.advance(301);
    await bringBack();
    const texts = await takeTexts(broker.url);
    const { timeline } = await until('the outcome', 10, async () => {
      const view = (await gateway.get(`/v1/verifications/${body.id}/timeline`)).body;
      return view.timeline.some(({ event }) => event === 'sms.expired') && view;
    });
    const ended = await gateway.get(`/v1/verifications/${body.id}`);
    releaseClock();
    expect(timeline).toContainEqual(
      expect.objectContaining({
        event: 'sms.expired',
        messageId: messageIdOf({ body, ...answer }),
        provider: 'none',
        final: true,
      }),
    );
    expect(ended.body).toMatchObject({ status: 'expired', delivery: { status: 'expired' } });
    expect(await gateway.metric('otpost_outbox_relayed_total{outcome="expired"}')).toBe(1);
    expect(texts.count).toBe(0);
    await texts.close();
  });

  it('fills the outbox at last: then 503, nothing is kept, and the gateway is not ready', async () => {
    await begin({ OUTBOX_MAX: '64' });
    await takeAway();
    const accepted: string[] = [];
    const refused: string[] = [];
    const ask = async (to: string) => {
      const { status, headers, body } = await gateway.start(to);
      (status === 202 ? accepted : refused).push(to);
      return { status, code: body.code, retryAfter: headers.get('retry-after') };
    };
    while (accepted.length < 64) {
      for (const answer of await Promise.all(Array.from({ length: 50 }, () => ask(newNumber())))) {
        if (answer.status !== 202)
          expect(answer).toEqual({ status: 503, code: 'dependency_unavailable', retryAfter: '5' });
      }
    }
    expect(refused.length).toBeGreaterThan(0);
    await until('the gateway is not ready', 5, async () => (await gateway.get('/readyz')).status === 503);
    expect((await gateway.get('/readyz')).body).toMatchObject({ troubles: { outbox: 'full' } });

    await bringBack();
    await gateway.emptied();
    expect(await gateway.get('/readyz')).toMatchObject({ status: 200 });
    // One text fits under each tag here, and a confirmed one is taken out a moment later.
    for (const to of refused.slice(0, 5))
      await until('it is taken', 5, async () => (await gateway.start(to)).status === 202);
    for (const to of accepted.slice(0, 5)) expect(await gateway.start(to)).toMatchObject({ status: 429 });
  });
});
