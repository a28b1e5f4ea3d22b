import {
  createHttpAdapter,
  createLogger,
  EventPublisher,
  OperationsModule,
  readSettings,
  REDIS,
  RedisSettings,
  Sealer,
  SettingsModule,
  useProblemDetails,
  type Environment,
  type PublishOutcome,
  type Redis,
  type SmsSend,
} from '@app/common';
import { Global, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { randomBytes, randomInt } from 'node:crypto';
import { gatewaySections, type GatewayConfig } from '../../apps/gateway/src/gateway.config.js';
import { StoreModule } from '../../apps/gateway/src/verification/store.module.js';
import { VerificationModule } from '../../apps/gateway/src/verification/verification.module.js';
import { until } from '../support/until.js';

const newKey = () => randomBytes(32).toString('base64');

/** What tests look at in a body. */
interface Answer {
  readonly id: string;
  readonly verificationId: string;
  readonly delivery: { readonly sends: readonly { readonly messageId: string }[] };
  readonly timeline: readonly { readonly at: string; readonly event: string }[];
}

/** What the gateway needs and nobody else's test has. */
const gatewayEnvironment = (more: Environment = {}): Environment => ({
  LOG_LEVEL: 'silent',
  RABBITMQ_URL: 'amqp://127.0.0.1:1',
  SEALING_KEYS: `k1:${newKey()}`,
  HASH_KEY: newKey(),
  ...more,
});

/** As code that composes the process makes it: without REDIS_URL verifications live in memory. */
export function testConfig(environment: Environment = {}): GatewayConfig {
  const config = readSettings(gatewaySections, gatewayEnvironment({ REDIS_URL: 'redis://none', ...environment }));
  return environment.REDIS_URL ? config : { ...config, redis: new RedisSettings() };
}

/** Stands where RabbitMQ would: answers as told, and keeps what was published. */
class BrokerStandIn {
  outcome: PublishOutcome = 'confirmed';
  readonly texts: SmsSend[] = [];

  async publish(event: object): Promise<PublishOutcome> {
    if (this.outcome === 'confirmed') this.texts.push(event as SmsSend);
    return this.outcome;
  }
}

/** The gateway's HTTP side over a real store, without a broker. `lines` is what it logs. */
export async function testGateway(environment: Environment = {}) {
  const broker = new BrokerStandIn();
  const lines: string[] = [];
  const config = testConfig(environment);
  const logger = createLogger('gateway', 'debug', { write: (line) => void lines.push(line) });

  @Global()
  @Module({ providers: [{ provide: EventPublisher, useValue: broker }], exports: [EventPublisher] })
  class NoMessaging {}

  const module = await Test.createTestingModule({
    imports: [
      SettingsModule.of(config),
      OperationsModule.with(logger),
      NoMessaging,
      StoreModule.at(config.redis.url),
      VerificationModule,
    ],
  }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(createHttpAdapter(), { bodyParser: false, logger });
  useProblemDetails(app);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  if (config.redis.url) await until('Redis', 5, () => app.get<Redis>(REDIS).status === 'ready');

  const sealer = app.get(Sealer, { strict: false });
  const request = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const json: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...json, ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = { status: response.status, headers: Object.fromEntries(response.headers), text };
    return { ...answer, body: (/json/.test(answer.headers['content-type'] ?? '') ? JSON.parse(text) : {}) as Answer };
  };
  return {
    app,
    broker,
    lines,
    request,
    url,
    post: (path: string, body: unknown = {}) => request('POST', path, body),
    get: (path: string) => request('GET', path),
    /** The code in the text that was published last. */
    lastCode(to: string): string {
      const { messageId, params } = broker.texts.at(-1)!;
      return sealer.open(params.code, { messageId, field: 'code', to });
    },
  };
}

/** A mainland number that no other test has. */
export const newNumber = () => `+86139${String(randomInt(10 ** 8)).padStart(8, '0')}`;

/** Takes the clock into our hands: the date only, timers run on. */
export function holdClock(now: Date): { advance(seconds: number): void } {
  import.meta.jest.useFakeTimers({
    now,
    doNotFake: [
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
      'setTimeout',
      'clearTimeout',
    ],
  });
  return { advance: (seconds) => void import.meta.jest.setSystemTime(Date.now() + seconds * 1000) };
}
export const releaseClock = () => import.meta.jest.useRealTimers();
