import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { Readiness, readSettings } from '@app/common';
import { createGateway } from '../../apps/gateway/src/create-gateway.js';
import { gatewaySections } from '../../apps/gateway/src/gateway.config.js';
import { createSmsWorker } from '../../apps/sms-worker/src/create-sms-worker.js';
import { smsWorkerConfig } from '../../apps/sms-worker/src/sms-worker.config.js';
import { withChannel } from '../support/broker-view.js';
import { startRabbit, type Service } from '../support/services.ts';
import { newNumber, request, startLab, startSystem, systemEnvironment } from '../support/system.js';
import { freePort, until } from '../support/until.js';
import { otpost } from './otpost.js';

const TOPOLOGY = ['topology', 'print', '--json'];

interface Printed {
  readonly exchanges: { readonly name: string }[];
  readonly queues: { readonly name: string; readonly arguments: Record<string, unknown> }[];
}
const printed = async (environment = {}) => JSON.parse((await otpost(TOPOLOGY, environment)).stdout) as Printed;
const delaysOf = ({ queues }: Printed) =>
  queues.flatMap(({ name }) => /^sms-worker\.sms\.send\.retry\.(\d+)$/.exec(name)?.[1] ?? []).map(Number);

describe('otpost topology', () => {
  it('prints what the settings make of it', async () => {
    expect(delaysOf(await printed())).toEqual([3000, 6000, 12000, 15000, 30000, 60000]);
    expect(delaysOf(await printed({ SMS_RETRY_BACKOFF_SECONDS: '1', SMS_MAX_ATTEMPTS: '3' }))).toEqual([
      1000, 2000, 15000, 30000, 60000,
    ]);
    expect(delaysOf(await printed({ SMS_RETRY_JITTER: '0.2', SMS_MAX_ATTEMPTS: '2' }))).toEqual([
      3000, 3300, 3600, 15000, 30000, 60000,
    ]);
    const text = await otpost(['topology', 'print']);
    expect(text.stdout).toMatch(/^queue +sms-worker\.sms\.send +x-queue-type=quorum .*x-delivery-limit=1000$/m);
    expect(text.stdout).toMatch(/^binding +sms-worker\.sms\.send +otpost \/ sms\.send$/m);
  });

  it('nothing that is looked through can reach its delivery limit', async () => {
    const { queues } = await printed();
    for (const { name, arguments: args } of queues.filter(({ name }) => /\.(dead|parked)$/.test(name)))
      expect([name, args['x-delivery-limit']]).toEqual([name, 1_000_000_000]);
  });

  it('deploy/rabbitmq/definitions.json is what it exports', async () => {
    const { stdout, stderr, code } = await otpost(['topology', 'export']);
    expect(code).toBe(0);
    expect(stdout).toBe(readFileSync('deploy/rabbitmq/definitions.json', 'utf8'));
    expect(stderr).toContain('unable to log in: gateway, sms-worker');
  });
});

describe('otpost topology check', () => {
  let rabbit: Service;
  let management: string;
  beforeAll(async () => {
    const port = await freePort();
    management = `http://guest:guest@127.0.0.1:${port}`;
    rabbit = await startRabbit({
      conf: `management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = ${port}\n`,
      plugins: ['rabbitmq_management'],
    });
  }, 120_000);
  afterAll(() => rabbit.stop());

  const check = (more = {}) => otpost(['topology', 'check'], { RABBITMQ_URL: rabbit.url, ...more });

  it('names what is missing, declares nothing, and is content with what the apps declare', async () => {
    const before = await check();
    expect(before.code).toBe(3);
    expect(before.stdout).toMatch(/^The exchange 'otpost' is missing\.$/m);
    expect(before.stdout).toMatch(/^The queue 'sms-worker\.sms\.send\.retry\.3000' is missing\.$/m);
    expect((await check()).stdout).toBe(before.stdout);

    await (await startSystem({ rabbitUrl: rabbit.url })).close();

    expect(await check()).toMatchObject({ code: 0, stdout: expect.stringContaining('are as declared') });
  }, 60_000);

  it('the apps declare nothing that is not printed', async () => {
    const { queues, exchanges } = await printed();
    const names = async (what: string) => {
      const { origin, username, password } = new URL(management);
      const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
      const answer = await fetch(`${origin}/api/${what}/%2F`, { headers: { authorization } });
      return ((await answer.json()) as { name: string }[]).map(({ name }) => name);
    };
    expect((await names('queues')).sort()).toEqual(queues.map(({ name }) => name).sort());
    expect((await names('exchanges')).filter((name) => !/^(amq\..*)?$/.test(name)).sort()).toEqual(
      exchanges.map(({ name }) => name).sort(),
    );
  });

  it('with the management API it sees bindings and policies too', async () => {
    await until('the management API knows the bindings', 20, async () => {
      const { code } = await check({ RABBITMQ_MANAGEMENT_URL: management });
      return code === 0;
    });
    await withChannel(rabbit.url, async (channel) => {
      await channel.unbindQueue('sms-worker.sms.send', 'otpost', 'sms.send');
      await channel.bindQueue('sms-worker.sms.send', 'otpost', 'sms.#');
    });
    const { origin, username, password } = new URL(management);
    await fetch(`${origin}/api/policies/%2F/short`, {
      method: 'PUT',
      headers: { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` },
      body: JSON.stringify({ pattern: '\\.dead$', definition: { 'max-length': 10 }, 'apply-to': 'queues' }),
    });

    const { code, stdout, stderr } = await check({ RABBITMQ_MANAGEMENT_URL: management });

    expect(code).toBe(3);
    expect(stdout).toBe("The queue 'sms-worker.sms.send' is not bound to 'otpost' for 'sms.send'.\n");
    expect(stderr).toContain("The queue 'sms-worker.sms.send' is also bound to 'otpost' for 'sms.#'.");
    expect(stderr).toContain(`The policy 'short' applies to 3 of our queues: {"max-length":10}`);
  }, 60_000);

  it('explains a queue that stands with other arguments', async () => {
    await withChannel(rabbit.url, async (channel) => {
      await channel.deleteQueue('sms-worker.sms.send.dead');
      await channel.assertQueue('sms-worker.sms.send.dead', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    });
    expect(await check()).toMatchObject({
      code: 3,
      stdout:
        "The queue 'sms-worker.sms.send.dead' has another x-delivery-limit: Otpost needs the value '1000000000' of type 'signedint', the broker has none.\n",
    });
  });

  it('says in a sentence that nobody is there, or that the user is refused', async () => {
    const nobody = await check({ RABBITMQ_URL: `amqp://127.0.0.1:${await freePort()}` });
    expect(nobody).toMatchObject({ code: 1, stderr: expect.stringMatching(/^No RabbitMQ answers at RABBITMQ_URL/) });
    const stranger = await check({ RABBITMQ_URL: rabbit.url.replace('guest:guest', 'guest:wrong') });
    expect(stranger).toMatchObject({ code: 1, stderr: expect.stringMatching(/^RabbitMQ refuses the user/) });
  });
});

describe('a RabbitMQ made from deploy/rabbitmq', () => {
  const PASSWORDS = { gateway: 'password-of-the-gateway', 'sms-worker': 'password-of-the-worker' };
  const KEYS = {
    SEALING_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    HASH_KEYS: `h1:${randomBytes(32).toString('base64')}`,
  };
  let rabbit: Service;
  let dir: string;
  const as = (user: keyof typeof PASSWORDS) => rabbit.url.replace('guest:guest', `${user}:${PASSWORDS[user]}`);

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'otpost-definitions-'));
    const { stdout } = await otpost(['topology', 'export'], {
      RABBITMQ_GATEWAY_PASSWORD: PASSWORDS.gateway,
      RABBITMQ_SMS_WORKER_PASSWORD: PASSWORDS['sms-worker'],
    });
    for (const password of Object.values(PASSWORDS)) expect(stdout).not.toContain(password);
    writeFileSync(`${dir}/definitions.json`, stdout);
    rabbit = await startRabbit({
      conf: readFileSync('deploy/rabbitmq/rabbitmq.conf', 'utf8').replace(
        '/etc/rabbitmq/definitions.json',
        `${dir}/definitions.json`,
      ),
      advancedConfig: `${process.cwd()}/deploy/rabbitmq/advanced.config`,
    });
  }, 120_000);
  afterAll(async () => {
    await rabbit.stop();
    rmSync(dir, { recursive: true });
  });

  it('has no guest', async () => {
    await expect(withChannel(rabbit.url, async () => undefined)).rejects.toThrow('ACCESS_REFUSED');
  });

  it('lets each app do its work with its own rights: declare, publish, retry, dead-letter, park, take outcomes', async () => {
    const lab = await startLab();
    const environment = (user: keyof typeof PASSWORDS) =>
      systemEnvironment({ rabbitUrl: as(user), redisUrl: process.env.REDIS_URL! }, lab.url, {
        ...KEYS,
        SMS_RETRY_BACKOFF_SECONDS: '0.5', // delay queues that were not imported
        SMS_MAX_ATTEMPTS: '2',
      });
    const gateway = await createGateway(readSettings(gatewaySections, environment('gateway')));
    const worker = await createSmsWorker(smsWorkerConfig(environment('sms-worker')));
    try {
      for (const app of [gateway, worker]) {
        await app.startAllMicroservices();
        await app.listen(0, '127.0.0.1');
        await until('the app is ready', 15, () => Object.keys(app.get(Readiness).troubles()).length === 0);
      }
      const url = `${await gateway.getUrl()}/v1/verifications`;
      const [well, late, never] = [newNumber(), newNumber(), newNumber()];
      lab.faults.set({ to: late, failFirst: 1, code: 'busy' });
      lab.faults.set({ to: never, code: 'busy' });
      const ids = [];
      for (const to of [well, late, never]) ids.push((await request(url, 'POST', { to })).body.id);
      const becomes = (id: string, status: string) =>
        until(
          `delivery ${status}`,
          15,
          async () => (await request(`${url}/${id}`, 'GET')).body.delivery.status === status,
        );
      await becomes(ids[0]!, 'accepted');
      await becomes(ids[1]!, 'accepted');
      await becomes(ids[2]!, 'rejected');
      await withChannel(as('gateway'), async (channel) => {
        channel.publish('otpost', 'sms.send', Buffer.from('not JSON'));
        await channel.waitForConfirms();
        for (const queue of ['sms-worker.sms.send.dead', 'sms-worker.parked'])
          await until(`a message in ${queue}`, 10, () => channel.get(queue, { noAck: true }));
      });
    } finally {
      await gateway.close();
      await worker.close();
      await lab.close();
    }
  }, 90_000);

  it.each([
    ['the gateway', 'takes texts from the worker', 'gateway', 'read', 'sms-worker.sms.send'],
    ['the worker', 'takes outcomes from the gateway', 'sms-worker', 'read', 'gateway.outcomes'],
    ['the gateway', 'takes what waits for the worker', 'gateway', 'read', 'sms-worker.sms.send.retry.3000'],
    ['the worker', 'makes what belongs to nobody', 'sms-worker', 'configure', 'somebody-elses'],
  ] as const)('refuses that %s %s', async (_who, _what, user, right, queue) => {
    const tried = withChannel(as(user), async (channel) => {
      if (right === 'read') await channel.get(queue);
      else await channel.assertQueue(queue);
    });
    await expect(tried).rejects.toThrow(/ACCESS_REFUSED - (read )?access to queue/);
  });
});
