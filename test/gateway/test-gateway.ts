import { createLogger, REDIS, RedisSettings, Sealer, type Environment, type Redis, type SmsSend } from '@app/common';
import { startEmbeddedBroker, type EmbeddedBroker } from '@app/embedded-broker';
import { connect } from 'amqplib';
import { randomBytes, randomInt } from 'node:crypto';
import { createGateway } from '../../apps/gateway/src/create-gateway.js';
import { gatewayConfig, type GatewayConfig } from '../../apps/gateway/src/gateway.config.js';
import { roomyLimits } from '../support/roomy-limits.js';
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
  HASH_KEYS: `h1:${newKey()}`,
  ...roomyLimits,
  ...more,
});

/** As code that composes the process makes it: without REDIS_URL verifications live in memory. */
export function testConfig(environment: Environment = {}): GatewayConfig {
  const config = gatewayConfig(gatewayEnvironment({ REDIS_URL: 'redis://none', ...environment }));
  return environment.REDIS_URL ? config : { ...config, redis: new RedisSettings() };
}

/** Stands where a worker would: takes every text off the broker as it comes. */
export async function takeTexts(brokerUrl: string) {
  const connection = await connect(brokerUrl);
  connection.on('error', () => undefined); // a broker that is taken away
  const channel = await connection.createChannel();
  /** As they came, repetitions included. */
  const all: SmsSend[] = [];
  /** By messageId, when each came first, on the monotonic clock. */
  const arrivedAt = new Map<string, number>();
  let redelivered = 0;
  await channel.consume('sms-worker.sms.send', (message) => {
    if (!message) return;
    const text = (JSON.parse(message.content.toString()) as { data: SmsSend }).data;
    all.push(text);
    if (message.fields.redelivered) redelivered++;
    if (!arrivedAt.has(text.messageId)) arrivedAt.set(text.messageId, performance.now());
    channel.ack(message);
  });
  return {
    all,
    arrivedAt,
    /** How many of all came again because an earlier consumer had not acknowledged them. */
    get redelivered(): number {
      return redelivered;
    },
    /** How many different ones. */
    get count(): number {
      return arrivedAt.size;
    },
    of: (messageId: string) => until(`text ${messageId}`, 10, () => all.find((text) => text.messageId === messageId)),
    close: () => connection.close().catch(() => undefined),
  };
}

/** A gateway, a broker and whoever takes its texts, all in this process. `lines` is what the gateway logs. */
export async function testGateway(environment: Environment = {}) {
  const broker: EmbeddedBroker = await startEmbeddedBroker();
  const lines: string[] = [];
  const config = testConfig({ RABBITMQ_URL: broker.url, ...environment });
  const app = await createGateway(config, createLogger('gateway', 'debug', { write: (line) => void lines.push(line) }));
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  if (config.redis.url) await until('Redis', 5, () => app.get<Redis>(REDIS).status === 'ready');
  const texts = await takeTexts(broker.url);

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
    texts,
    lines,
    request,
    url,
    post: (path: string, body: unknown = {}) => request('POST', path, body),
    get: (path: string) => request('GET', path),
    /** The code in the latest text of a verification, as a worker reads it. */
    async codeOf({ delivery }: Answer, to: string): Promise<string> {
      const { messageId, params } = await texts.of(delivery.sends.at(-1)!.messageId);
      return sealer.open(params.code, { messageId, field: 'code', to });
    },
    async close() {
      await app.close();
      await texts.close();
      await broker.close();
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
