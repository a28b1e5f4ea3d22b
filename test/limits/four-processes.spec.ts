import { readSettings, Sealer, SealingSettings } from '@app/common';
import { startEmbeddedBroker, type EmbeddedBroker } from '@app/embedded-broker';
import { newNumber, takeTexts } from '../gateway/test-gateway.js';
import { runGateway, sharedKeys } from '../outbox/gateways.js';
import { startRedis, type Service } from '../support/services.ts';

const PROCESSES = 4;

describe('four gateway processes on one Redis', () => {
  const keys = sharedKeys();
  let broker: EmbeddedBroker;
  let redis: Service;
  const gateways: Awaited<ReturnType<typeof runGateway>>[] = [];
  let texts: Awaited<ReturnType<typeof takeTexts>> | undefined;

  beforeAll(async () => {
    broker = await startEmbeddedBroker();
    redis = await startRedis();
    const environment = { ...keys, RABBITMQ_URL: broker.url, REDIS_URL: redis.url };
    for (let n = 0; n < PROCESSES; n++) gateways.push(await runGateway(environment));
    await Promise.all(gateways.map((gateway) => gateway.connected()));
    texts = await takeTexts(broker.url);
  }, 120_000);
  afterAll(async () => {
    await texts?.close();
    for (const gateway of gateways) gateway.kill('SIGTERM');
    await Promise.all(gateways.map(({ ended }) => ended));
    await broker.close();
    await redis.stop();
  }, 60_000);

  async function started() {
    const to = newNumber();
    const { body } = await gateways[0]!.start(to);
    const { messageId } = (body as unknown as { delivery: { sends: [{ messageId: string }] } }).delivery.sends[0];
    const { params } = await texts!.of(messageId);
    const sealer = new Sealer(readSettings({ sealing: SealingSettings }, keys).sealing);
    return { id: body.id, code: sealer.open(params.code, { messageId, field: 'code', to }) };
  }

  /** So many checks at once, spread over all processes. */
  const checks = (count: number, id: string, code: string) =>
    Promise.all(
      Array.from({ length: count }, (_, n) =>
        gateways[n % PROCESSES]!.post(`/v1/verifications/${id}/checks`, { code }),
      ),
    );

  it('S5 evaluate exactly five of two hundred wrong codes at once', async () => {
    const { id, code } = await started();
    const wrong = String((Number(code) + 1) % 10 ** 6).padStart(6, '0');
    const answers = await checks(200, id, wrong);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(195);
    expect((await gateways[1]!.get(`/v1/verifications/${id}`)).body).toMatchObject({
      status: 'max_attempts_reached',
      attempts: { used: 5, remaining: 0 },
    });
  });

  it('S4 approve once for a hundred right codes at once', async () => {
    const { id, code } = await started();
    const answers = await checks(100, id, code);
    expect(answers.filter(({ status, body }) => status === 200 && body.valid)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(99);
  });

  it('text a number once when all are asked at once', async () => {
    const to = newNumber();
    const answers = await Promise.all(Array.from({ length: 80 }, (_, n) => gateways[n % PROCESSES]!.start(to)));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(79);
  });
});
