import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect as openConnection } from 'node:net';
import { connect, type ConfirmChannel } from 'amqplib';
import type { CarrierLab } from '../../apps/carrier-lab/src/create-carrier-lab.js';
import { answers, runApp, startApp, type AppProcess } from '../support/app-process.js';
import { messagesIn, withChannel } from '../support/broker-view.js';
import { startRabbit, startRedis, type Service } from '../support/services.ts';
import { newNumber, request, startLab, systemEnvironment } from '../support/system.js';
import { until } from '../support/until.js';

const QUEUE = 'sms-worker.sms.send';
/** The company’s word for a reqId that it has had before. */
const CCP_REPEATED = '160054';

/** The processes as an operator runs them, on a RabbitMQ and a Redis of their own that may be taken away. */
describe('processes', () => {
  let rabbit: Service;
  let redis: Service;
  let lab: CarrierLab;
  const running = new Set<Omit<AppProcess, 'url'>>();

  beforeAll(async () => {
    [rabbit, redis, lab] = await Promise.all([startRabbit(), startRedis({ keepsData: true }), startLab()]);
  }, 60_000);
  afterEach(async () => {
    for (const process of running) process.kill('SIGKILL');
    await Promise.all([...running].map(({ ended }) => ended));
    running.clear();
    await forgetTexts();
    lab.faults.clear();
    lab.stats.reset();
    lab.inbox.delete();
  });
  afterAll(async () => {
    await Promise.all([rabbit.stop(), redis.stop(), lab.close()]);
  });

  const environment = (more = {}) =>
    systemEnvironment({ rabbitUrl: rabbit.url, redisUrl: redis.url }, lab.url, { LOG_LEVEL: 'warn', ...more });
  const start = async (app: 'gateway' | 'sms-worker', settings: ReturnType<typeof environment>) => {
    const process = await startApp(app, settings);
    running.add(process);
    return process;
  };
  const ready = (process: AppProcess, seconds = 20) =>
    until('the process is ready', seconds, () => answers(`${process.url}/readyz`));

  /** What the gateway can do without, and does at this moment. */
  const degraded = async ({ url }: AppProcess) =>
    ((await request(`${url}/readyz`, 'GET')).body as { degraded?: Record<string, string> }).degraded;
  const connected = (gateway: AppProcess) =>
    until('the gateway has its broker', 30, async () => (await degraded(gateway)) === undefined);

  /** What a test left under way is no business of the next one. */
  const forgetTexts = () =>
    withChannel(rabbit.url, async (channel) => {
      for (const queue of [QUEUE, ...[3, 6, 10, 12, 15, 30, 60].map((seconds) => `${QUEUE}.retry.${seconds * 1000}`)])
        await channel.deleteQueue(queue);
    });

  /** Plain events of another producer: one number and code each. */
  async function publishTexts(count: number): Promise<void> {
    const connection = await connect(rabbit.url);
    const channel: ConfirmChannel = await connection.createConfirmChannel();
    for (let n = 0; n < count; n++) {
      const messageId = randomUUID();
      const data = {
        messageId,
        to: `+86137${String(n).padStart(8, '0')}`,
        template: 'verification-code',
        locale: 'zh-CN',
        params: { code: String(100_000 + n), minutes: '5' },
        expiresAt: new Date(Date.now() + 120_000).toISOString(),
      };
      channel.publish('otpost', 'sms.send', Buffer.from(JSON.stringify({ pattern: 'sms.send', data })), {
        messageId,
        persistent: true,
      });
    }
    await channel.waitForConfirms();
    await connection.close();
  }

  it('1000 texts are under way at once in one worker', async () => {
    lab.faults.set({ latencyMs: 8000 }); // long enough for a slow machine to begin the last before the first has ended
    const worker = await start('sms-worker', environment({ SMS_SEND_TIMEOUT_SECONDS: '30' }));
    await ready(worker);

    await publishTexts(1000);

    await until('all are accepted', 30, () => lab.stats.view().accepted === 1000);
    expect(lab.stats.view()).toMatchObject({ maxInFlight: 1000, duplicates: 0 });
  }, 60_000);

  it('S53 a worker killed with 200 texts under way: every text arrives, once', async () => {
    // The company takes each text and does not answer: nobody but the company knows of it when the worker dies.
    lab.faults.set({ hang: 'after' });
    const settings = environment({ SMS_SEND_TIMEOUT_SECONDS: '5' });
    const first = await start('sms-worker', settings);
    await ready(first);
    await publishTexts(200);
    await until('200 are under way', 10, () => lab.stats.view().inFlight === 200);

    first.kill('SIGKILL');
    expect(await first.ended).toBe('SIGKILL');
    lab.faults.clear();
    await start('sms-worker', settings);

    await until('the company has refused every repetition', 40, () => lab.stats.view().refused[CCP_REPEATED] === 200);
    expect(lab.stats.view()).toMatchObject({ accepted: 200, duplicates: 0 });
    expect(lab.inbox.list()).toHaveLength(200);
  }, 90_000);

  it('a worker stopped with 200 texts under way ends with 0, and every text has arrived once', async () => {
    lab.faults.set({ latencyMs: 1500 });
    const worker = await start('sms-worker', environment());
    await ready(worker);
    await publishTexts(200);
    await until('200 are under way', 10, () => lab.stats.view().inFlight === 200);

    worker.kill('SIGTERM');

    expect(await worker.ended).toBe(0);
    expect(lab.stats.view()).toMatchObject({ calls: 200, accepted: 200, duplicates: 0 });
    expect(await messagesIn(rabbit.url, QUEUE)).toBe(0);
  }, 60_000);

  it.each([
    ['gateway', 'has not asked anything', ''],
    ['gateway', 'does not come to its end', 'POST /v1/verifications HTTP/1.1\r\n'],
    ['sms-worker', 'has not asked anything', ''],
  ] as const)(
    'a %s told to end does not wait for a connection that %s',
    async (app, _, bytes) => {
      const process = await start(app, environment());
      await ready(process);
      const { hostname, port } = new URL(process.url);
      const socket = openConnection(Number(port), hostname).on('error', () => undefined);
      await once(socket, 'connect');
      if (bytes) await new Promise((resolve) => socket.write(bytes, resolve));

      process.kill('SIGTERM');

      expect(await process.ended).toBe(0);
      socket.destroy();
    },
    30_000,
  );

  it('RabbitMQ goes and comes back: 202 all the while, nothing accepted is lost, nobody is restarted', async () => {
    const settings = environment();
    const [gateway, worker] = await Promise.all([start('gateway', settings), start('sms-worker', settings)]);
    await Promise.all([connected(gateway), ready(worker)]);
    const accepted: string[] = [];
    const ask = async () => {
      const to = newNumber();
      const { status } = await request(`${gateway.url}/v1/verifications`, 'POST', { to });
      expect(status).toBe(202);
      accepted.push(to);
    };
    for (let n = 0; n < 20; n++) await ask();

    await rabbit.kill();
    for (let n = 0; n < 20; n++) await ask();
    await until('the gateway says so', 10, async () => (await degraded(gateway))?.publisher === 'disconnected');
    expect(await answers(`${gateway.url}/readyz`)).toBe(true);
    for (let n = 0; n < 20; n++) await ask();
    await rabbit.restart();
    await Promise.all([connected(gateway), ready(worker, 30)]);
    for (let n = 0; n < 20; n++) await ask();

    await until('every accepted text arrived', 30, () => accepted.every((to) => lab.inbox.list(to).length > 0));
    expect(lab.stats.view()).toMatchObject({ accepted: 80, duplicates: 0 });
  }, 120_000);

  it('Redis goes and comes back: 503 and no text meanwhile, nothing accepted is lost, nobody is restarted', async () => {
    const settings = environment();
    const [gateway, worker] = await Promise.all([start('gateway', settings), start('sms-worker', settings)]);
    await Promise.all([ready(gateway), ready(worker)]);
    lab.faults.set({ latencyMs: 1000 });
    const numbers = Array.from({ length: 20 }, newNumber);
    const ids = await Promise.all(
      numbers.map(async (to) => (await request(`${gateway.url}/v1/verifications`, 'POST', { to })).body.id),
    );
    await until('all are under way', 10, () => lab.stats.view().inFlight === 20);

    await redis.kill(); // their answers come while the ledger is away
    const refused = await request(`${gateway.url}/v1/verifications`, 'POST', { to: newNumber() });
    expect(refused).toMatchObject({ status: 503, body: { code: 'dependency_unavailable' } });
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    await publishTexts(5);
    await until('the company has answered all', 10, () => lab.stats.view().inFlight === 0);
    expect(lab.stats.view().accepted).toBe(20);
    await redis.restart();

    await until('the waiting texts arrive', 30, () => lab.stats.view().accepted === 25);
    for (const id of ids) {
      await until(
        'the timeline has the outcome',
        20,
        async () =>
          ((await request(`${gateway.url}/v1/verifications/${id}`, 'GET')).body.delivery as { status: string })
            .status === 'accepted',
      );
    }
    expect(lab.stats.view()).toMatchObject({ accepted: 25, duplicates: 0 });
  }, 120_000);

  it('the gateway works before any broker is there, and its texts are sent once one is', async () => {
    await rabbit.kill();
    const settings = environment();
    const gateway = await start('gateway', settings);
    const to = newNumber();
    expect(await request(`${gateway.url}/v1/verifications`, 'POST', { to })).toMatchObject({ status: 202 });
    expect(await answers(`${gateway.url}/readyz`)).toBe(true);
    await rabbit.restart();
    await start('sms-worker', settings);

    await until('the text arrives', 30, () => lab.inbox.list(to).length === 1);
    gateway.kill('SIGTERM');
    expect(await gateway.ended).toBe(0);
  }, 90_000);

  it.each(['gateway', 'sms-worker'])('%s without settings ends with a line for each that is missing', async (app) => {
    const process = runApp(app, {});
    running.add(process);

    expect(await process.ended).toBe(1);
    for (const name of ['RABBITMQ_URL', 'REDIS_URL', 'SEALING_KEYS'])
      expect(process.output()).toMatch(new RegExp(`^ +${name}: is missing; .+ Example: ${name}=`, 'm'));
    expect(process.output()).not.toContain('    at ');
  });
});
