import {
  EventPublisher,
  readSettings,
  SmsAccepted,
  SmsDelivered,
  SmsRejected,
  StartRefused,
  type Contract,
  type SmsOutcome,
} from '@app/common';
import { startEmbeddedBroker, type EmbeddedBroker } from '@app/embedded-broker';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startRedis, type Service } from '../../../test/support/services.ts';
import { freePort, until } from '../../../test/support/until.js';
import { newNumber, testConfig } from '../../../test/gateway/test-gateway.js';
import { createGateway } from './create-gateway.js';
import { gatewaySections } from './gateway.config.js';

interface Body {
  readonly id: string;
  readonly status: string;
  readonly reason: string | null;
  readonly delivery: { readonly status: string; readonly sends: { readonly messageId: string }[] };
  readonly timeline: { readonly event: string }[];
}

async function started(environment: Record<string, string | undefined>) {
  const app = await createGateway(testConfig(environment));
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const ask = async (path: string, body?: object) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(`${url}${path}`, body && init);
    return { status: response.status, body: (await response.json()) as Body };
  };
  const ready = () => until('readiness', 5, async () => (await ask('/readyz')).status === 200);
  return { app, ask, ready };
}

const tell = (app: NestFastifyApplication, Outcome: Contract<SmsOutcome>, outcome: Partial<SmsOutcome>) =>
  app.get(EventPublisher).publish(
    Object.assign(new Outcome(), {
      provider: 'ccp',
      attempt: 1,
      at: new Date().toISOString(),
      final: true,
      ...outcome,
    }),
    { messageId: outcome.messageId ?? '' },
  );

describe.each(['memory', 'Redis'])('a gateway with verifications in %s', (where) => {
  let broker: EmbeddedBroker;
  let redis: Service | undefined;
  let gateway: Awaited<ReturnType<typeof started>>;
  beforeAll(async () => {
    broker = await startEmbeddedBroker();
    redis = where === 'Redis' ? await startRedis() : undefined;
    gateway = await started({ RABBITMQ_URL: broker.url, ...(redis && { REDIS_URL: redis.url }) });
    await gateway.ready();
  });
  afterAll(async () => {
    await gateway.app.close();
    await redis?.stop();
    await broker.close();
  });

  const queueLength = (name: string) => broker.queues().find((queue) => queue.name === name)?.messages;
  async function start() {
    const { status, body } = await gateway.ask('/v1/verifications', { to: newNumber() });
    expect(status).toBe(202);
    return { verificationId: body.id, messageId: body.delivery.sends[0]!.messageId };
  }
  const delivery = (id: string, status: string) =>
    until(`delivery ${status}`, 5, async () => {
      const { body } = await gateway.ask(`/v1/verifications/${id}`);
      return body.delivery.status === status ? body : undefined;
    });

  it('leaves a text in the queue of the worker, though none has ever run', async () => {
    const before = queueLength('sms-worker.sms.send') ?? 0;
    await start();
    expect(queueLength('sms-worker.sms.send')).toBe(before + 1);
  });

  it('writes down what became of a text, whatever the order and however often', async () => {
    const text = await start();
    await tell(gateway.app, SmsDelivered, text);
    await delivery(text.verificationId, 'delivered');
    for (const time of ['once', 'twice']) {
      expect([time, await tell(gateway.app, SmsAccepted, { ...text, providerMessageId: 'sid-1' })]).toEqual([
        time,
        'confirmed',
      ]);
    }
    const { timeline } = await until('both outcomes', 5, async () => {
      const { body } = await gateway.ask(`/v1/verifications/${text.verificationId}/timeline`);
      return body.timeline.length === 4 ? body : undefined;
    });
    expect(timeline).toContainEqual(
      expect.objectContaining({
        event: 'sms.accepted',
        provider: 'ccp',
        attempt: 1,
        final: true,
        providerMessageId: 'sid-1',
      }),
    );
    expect((await delivery(text.verificationId, 'delivered')).status).toBe('pending');
  });

  it('tells when the next attempt is due, and ends a verification whose text was refused for good', async () => {
    const text = await start();
    const nextAttemptAt = new Date(Date.now() + 3000).toISOString();
    await tell(gateway.app, SmsRejected, { ...text, final: false, nextAttemptAt, errorCode: '160053' });
    expect((await delivery(text.verificationId, 'waiting')).delivery.sends).toMatchObject([
      { nextAttemptAt, errorCode: '160053' },
    ]);
    await tell(gateway.app, SmsRejected, { ...text, attempt: 2, errorClass: 'PERMANENT', errorScope: 'recipient' });
    expect(await delivery(text.verificationId, 'rejected')).toMatchObject({
      status: 'undeliverable',
      reason: 'recipient_rejected',
    });
  });

  it('takes outcomes of texts that are not its own as done', async () => {
    const { messageId, verificationId } = await start();
    const strangers = [
      { messageId },
      { messageId, verificationId: 'somebody-elses' },
      { messageId, verificationId: `vrf_${'0'.repeat(34)}` },
    ];
    for (const stranger of strangers) await tell(gateway.app, SmsRejected, stranger);
    await tell(gateway.app, SmsAccepted, { messageId, verificationId });
    await delivery(verificationId, 'accepted');
    await until('an empty queue', 5, () =>
      broker.queues().every(({ name, messages, unacked }) => !name.startsWith('gateway.') || messages + unacked === 0),
    );
  });
});

it('works without a broker: ready, 202, and the text follows when there is one', async () => {
  const port = await freePort();
  const { app, ask } = await started({ RABBITMQ_URL: `amqp://127.0.0.1:${port}` });
  expect(await ask('/v1/verifications', { to: newNumber() })).toMatchObject({ status: 202 });
  expect(await ask('/readyz')).toEqual({
    status: 200,
    body: { status: 'ready', degraded: { consumer: 'not subscribed', publisher: 'disconnected' } },
  });
  expect((await ask('/livez')).status).toBe(200);

  const broker = await startEmbeddedBroker({ port });
  await until('the text', 10, () =>
    broker.queues().some(({ name, messages }) => name === 'sms-worker.sms.send' && messages === 1),
  );
  expect(await ask('/readyz')).toEqual({ status: 200, body: { status: 'ready' } });
  await app.close();
  await broker.close();
});

describe('a start that cannot work', () => {
  it('says for each missing setting what to do', () => {
    for (const name of ['RABBITMQ_URL', 'REDIS_URL', 'SEALING_KEYS', 'HASH_KEYS'])
      expect(() => readSettings(gatewaySections, {})).toThrow(new RegExp(`${name}: is missing; .+ Example: ${name}=`));
  });

  it.each([
    ['CODE_LENGTH', '5'],
    ['CODE_LENGTH', '11'],
    ['CODE_TTL_SECONDS', '601'],
    ['MAX_CHECKS', '11'],
    ['MAX_SENDS', '0'],
    ['RESEND_COOLDOWN_SECONDS', '0'],
    ['DEFAULT_REGION', 'China'],
    ['HASH_KEYS', 'h1:c2hvcnQ='],
    ['PORT', 'http'],
  ])('refuses %s=%s', (name, value) => {
    expect(() => testConfig({ [name]: value })).toThrow(new RegExp(`${name}: `));
  });

  it('refuses verifications in memory in production', async () => {
    await expect(createGateway(testConfig({ NODE_ENV: 'production' }))).rejects.toThrow(StartRefused);
  });
});
