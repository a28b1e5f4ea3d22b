import { createHash, randomBytes } from 'node:crypto';
import { ProcessSettings, readSettings, Sealer, UnsealableError, type Environment, type SmsSend } from '@app/common';
import { connect, type ConsumeMessage } from 'amqplib';
import { CarrierLabSettings } from '../../apps/carrier-lab/src/carrier-lab.config.js';
import { createCarrierLab, type CarrierLab } from '../../apps/carrier-lab/src/create-carrier-lab.js';
import { answers, startApp, type AppProcess } from '../support/app-process.js';
import { startRabbit, startRedis, type Service } from '../support/services.ts';
import { systemEnvironment } from '../support/system.js';
import { freePort, until } from '../support/until.js';
import { RedisWire } from './redis-wire.js';
import type { Secret } from './secrets.js';

const newSecret = () => randomBytes(24).toString('base64url');

/** What the processes are given and nobody else may ever see. */
const credentials = {
  verifyKey: newSecret(),
  operateKey: newSecret(),
  rabbitPassword: newSecret(),
  redisPassword: newSecret(),
  companyToken: newSecret(),
  sealingKey: randomBytes(32),
  hashKey: randomBytes(32),
};

const hashOf = (key: string) => createHash('sha256').update(key).digest('hex');

/** The system as an operator runs it, with passwords everywhere, and everything that passes through its services recorded. */
export class World {
  readonly credentials = credentials;
  gateway!: AppProcess;
  worker!: AppProcess;
  /** Dead ones too. */
  readonly processes: AppProcess[] = [];
  /** What /metrics of each process said. */
  readonly scraped: string[] = [];

  private constructor(
    readonly rabbit: Service,
    readonly redis: Service,
    readonly lab: CarrierLab,
    /** RabbitMQ's management API, as its administrator. */
    readonly management: string,
    /** Sees every command that Redis is sent. */
    readonly monitor: RedisWire,
    private readonly environment: Environment,
    /** Every message that the broker took in or gave out, as its tracing shows it. */
    readonly traced: readonly ConsumeMessage[],
    private readonly closeTrace: () => Promise<void>,
  ) {}

  static async start(): Promise<World> {
    const managementPort = await freePort();
    const [rabbit, redis, lab] = await Promise.all([
      startRabbit({
        conf: `management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = ${managementPort}\n`,
        plugins: ['rabbitmq_management'],
      }),
      startRedis({ keepsData: true }),
      startLab(),
    ]);
    const management = `http://127.0.0.1:${managementPort}/api`;
    await until('the management API', 30, () => manage(management, 'GET', '/overview').then(Boolean, () => false));
    await manage(management, 'PUT', '/users/otpost', { password: credentials.rabbitPassword, tags: '' });
    await manage(management, 'PUT', '/permissions/%2F/otpost', { configure: '.*', write: '.*', read: '.*' });
    await manage(management, 'PUT', '/vhosts/%2F', { tracing: true });
    const monitor = await guardRedis(redis);
    const environment = {
      ...systemEnvironment(
        {
          rabbitUrl: withUser(rabbit.url, 'otpost', credentials.rabbitPassword),
          redisUrl: withUser(redis.url, '', credentials.redisPassword),
        },
        lab.url,
      ),
      LOG_LEVEL: 'debug',
      SEALING_KEYS: `k1:${credentials.sealingKey.toString('base64')}`,
      HASH_KEYS: `h1:${credentials.hashKey.toString('base64')}`,
      API_KEYS: `shop:verify:${hashOf(credentials.verifyKey)},ops:operate:${hashOf(credentials.operateKey)}:*`,
      SMS_CCP_AUTH_TOKEN: credentials.companyToken,
      SMS_ACCEPT_PLAIN: 'false',
      SMS_MAX_ATTEMPTS: '2',
      SMS_RETRY_BACKOFF_SECONDS: '0.5',
      SMS_SEND_TIMEOUT_SECONDS: '3',
      SMS_BREAKER_FAILURES: '100',
      SMS_BREAKER_OPEN_SECONDS: '1',
      CODE_LENGTH: '10',
      RESEND_COOLDOWN_SECONDS: '1',
    };
    const traced: ConsumeMessage[] = [];
    const world = new World(
      rabbit,
      redis,
      lab,
      management,
      monitor,
      environment,
      traced,
      await trace(rabbit.url, traced),
    );
    world.gateway = await world.run('gateway');
    world.worker = await world.run('sms-worker');
    return world;
  }

  /** Resolves when it is ready. */
  async run(app: 'gateway' | 'sms-worker'): Promise<AppProcess> {
    const process = await startApp(app, { ...this.environment, PORT: '0', SMS_WORKER_PORT: '0' });
    this.processes.push(process);
    await until(`${app} is ready`, 30, () => answers(`${process.url}/readyz`));
    return process;
  }

  /** The events that ask for texts, as they were published. */
  get sends(): SmsSend[] {
    return this.traced
      .filter(({ fields, properties }) => fields.routingKey === 'publish.otpost' && isSend(properties.headers))
      .flatMap(({ content }) => readSend(content));
  }

  /** Of every text there was, those that reached no handset included: only who has the key can tell. */
  get codes(): Set<string> {
    const sealer = new Sealer({ keys: [`k1:${credentials.sealingKey.toString('base64')}`] });
    return new Set(
      this.sends.flatMap(({ messageId, to: sealedTo, params }) => {
        try {
          const to = sealer.open(sealedTo, { messageId, field: 'to' });
          return [sealer.open(params.code, { messageId, field: 'code', to })];
        } catch (error) {
          if (error instanceof UnsealableError) return []; // the story's own poison
          throw error;
        }
      }),
    );
  }

  get credentialSecrets(): Secret[] {
    return Object.values(credentials).flatMap((value) => [
      { kind: 'credential' as const, value },
      // A key of bytes is configured as base64.
      ...(Buffer.isBuffer(value) ? [{ kind: 'credential' as const, value: value.toString('base64') }] : []),
    ]);
  }

  async scrape(): Promise<void> {
    for (const { url } of [this.gateway, this.worker]) {
      this.scraped.push(await (await fetch(`${url}/metrics`)).text());
    }
  }

  async redisCommand(line: string): Promise<void> {
    const wire = await RedisWire.open(Number(new URL(this.redis.url).port), credentials.redisPassword);
    await wire.command(line);
    wire.close();
  }

  /** Ends the processes as an operator does; what they kept to themselves until then is written. */
  async stopProcesses(): Promise<void> {
    for (const process of this.processes) process.kill('SIGTERM');
    await Promise.all(this.processes.map(({ ended }) => ended));
  }

  async close(): Promise<void> {
    for (const process of this.processes) process.kill('SIGKILL');
    await Promise.all(this.processes.map(({ ended }) => ended));
    this.monitor.close();
    await this.closeTrace();
    await Promise.all([this.rabbit.stop(), this.redis.stop(), this.lab.close()]);
  }
}

/** Asks RabbitMQ's management API; gives the answer as it came. */
export async function manage(api: string, method: string, path: string, body?: object): Promise<string> {
  const response = await fetch(`${api}${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}`,
      'content-type': 'application/json',
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text;
}

const startLab = () =>
  createCarrierLab(
    readSettings(
      { process: ProcessSettings, lab: CarrierLabSettings },
      { LOG_LEVEL: 'silent', CARRIER_LAB_PORT: '0', CARRIER_LAB_CCP_AUTH_TOKEN: credentials.companyToken },
    ),
  );

/** Gives Redis its password, and sees every command from then on. */
async function guardRedis(redis: Service): Promise<RedisWire> {
  const port = Number(new URL(redis.url).port);
  const operator = await RedisWire.open(port);
  await operator.command(`CONFIG SET requirepass ${credentials.redisPassword}`);
  operator.close();
  const monitor = await RedisWire.open(port, credentials.redisPassword);
  await monitor.command('MONITOR');
  return monitor;
}

/** RabbitMQ's own tracing: a copy of each message as it comes in and as it goes out. */
async function trace(url: string, into: ConsumeMessage[]): Promise<() => Promise<void>> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, 'amq.rabbitmq.trace', '#');
  await channel.consume(queue, (message) => message && into.push(message), { noAck: true });
  return () => connection.close();
}

const isSend = (headers: Readonly<Record<string, unknown>> | undefined) =>
  JSON.stringify(headers?.routing_keys) === '["sms.send"]';

/** None, where it is not readable. */
function readSend(content: Buffer): SmsSend[] {
  try {
    return [(JSON.parse(content.toString()) as { data: SmsSend }).data];
  } catch {
    return [];
  }
}

function withUser(url: string, user: string, password: string): string {
  const parsed = new URL(url);
  [parsed.username, parsed.password] = [user, password];
  return parsed.href;
}
