import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { dice } from '../../apps/carrier-lab/src/faults/dice.js';
import { messagesIn, withChannel } from '../support/broker-view.js';
import { roomyLimits } from '../support/roomy-limits.ts';
import { until } from '../support/until.ts';
import { Carrier } from './carrier.js';
import { Client, nextNumber } from './client.js';
import type { Cluster } from './cluster.js';
import type { Options } from './options.js';
import type { RedisServer } from './redis-server.js';
import { readyIn } from './queues.js';
import { AppProcess, type App, type Environment } from './processes.js';
import { isPromised, type End, type Request } from './record.js';
import type { Row } from './row.js';
import { TcpProxy } from '../support/tcp-proxy.ts';

/** What all rows of a run share. */
export interface Services {
  readonly cluster: Cluster;
  readonly redis: RedisServer;
  readonly carrier: Carrier;
}

export interface PlainText {
  readonly messageId: string;
  readonly to: string;
  /** Seconds from now. */
  readonly livesFor?: number;
}

export const SEND_QUEUE = 'sms-worker.sms.send';
export const DEAD_QUEUE = `${SEND_QUEUE}.dead`;
export const PARKED_QUEUE = 'sms-worker.parked';

/** One system under one fault: its processes, its client, and what a row does to them. */
export class Scene {
  readonly gateways: AppProcess[] = [];
  readonly workers: AppProcess[] = [];
  readonly client: Client;
  readonly carrier: Carrier;
  readonly cluster: Cluster;
  readonly redis: RedisServer;
  /** From 0 to below 1, the same ones for the same seed. */
  readonly random: () => number;
  readonly complaints: string[] = [];
  readonly notes: string[] = [];
  /** Of texts without a verification, where a row knows how they ended. */
  readonly ends = new Map<string, End>();
  injectedAt: number | undefined;
  healedAt: number | undefined;
  /** In the order in which they were interposed. */
  readonly proxies: TcpProxy[] = [];
  private readonly interposed = new Map<string, TcpProxy>();
  private readonly keys = {
    SEALING_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    HASH_KEYS: `h1:${randomBytes(32).toString('base64')}`,
    ...roomyLimits,
    SMS_BREAKER_FAILURES: '100', // a row's company refuses on purpose, and is to be asked again
  };

  constructor(
    services: Services,
    private readonly row: Pick<Row, 'settings' | 'nodeOptionsOf'>,
    private readonly options: Pick<Options, 'seed' | 'short'>,
  ) {
    this.cluster = services.cluster;
    this.carrier = services.carrier;
    this.redis = services.redis;
    this.random = dice(options.seed);
    this.client = new Client(() => this.gateways.map(({ url }) => url));
  }

  get processes(): readonly AppProcess[] {
    return [...this.gateways, ...this.workers];
  }

  /** Before the processes start: each of these will reach one node of the broker through a proxy of its own. */
  async interpose(...processes: readonly (readonly [app: App, n: number])[]): Promise<void> {
    const { nodes } = this.cluster;
    for (const [app, n] of processes) {
      const proxy = await TcpProxy.inFrontOf(nodes[this.proxies.length % nodes.length]!.port);
      this.proxies.push(proxy);
      this.interposed.set(`${app} ${n}`, proxy);
    }
  }

  /** Prepares a process without starting it. */
  async add(app: App, settings: Environment = {}): Promise<AppProcess> {
    const group = app === 'gateway' ? this.gateways : this.workers;
    const n = group.length;
    const environment = {
      LOG_LEVEL: 'warn',
      RABBITMQ_URL: this.interposed.get(`${app} ${n}`)?.url ?? this.cluster.urls(app === 'gateway' ? n : n + 1),
      REDIS_URL: this.redis.url,
      DEFAULT_REGION: 'CN',
      HOST: '127.0.0.1',
      ...this.keys,
      ...(await Carrier.settings(this.carrier.url)),
      ...this.row.settings,
      ...settings,
    };
    const created = await AppProcess.create(app, environment, this.row.nodeOptionsOf?.(app, n));
    group.push(created);
    return created;
  }

  /** The fault begins now. */
  injected(): void {
    this.injectedAt = Date.now();
  }

  /** The fault is over now; recovery is counted from here. */
  healed(): void {
    this.healedAt = Date.now();
  }

  /** A fact worth a line beside the figures. */
  note(fact: string): void {
    this.notes.push(fact);
  }

  /** Beyond the bounds every row has. */
  expect(holds: boolean, complaint: string): void {
    if (!holds) this.complaints.push(complaint);
  }

  /** How often a row does what it does: once in a short run. */
  rounds(usual: number): number {
    const rounds = this.options.short ? 1 : usual;
    this.note(rounds === 1 ? 'once' : `${rounds} times`);
    return rounds;
  }

  wait(seconds: number): Promise<void> {
    return sleep(seconds * 1000);
  }

  pick<T>(things: readonly T[]): T {
    return things[Math.floor(this.random() * things.length)]!;
  }

  /** Waits until the company holds a thousand texts, or what this machine manages before they are cut off. */
  async thousandUnderWay(): Promise<number> {
    await until('1000 texts are under way', 2, () => this.carrier.inFlight >= 1000).catch(() => undefined);
    const { inFlight } = this.carrier;
    this.note(`${inFlight} under way`);
    this.expect(inFlight >= 300, 'too few texts under way to say anything');
    return inFlight;
  }

  /** Promised, and no text yet. */
  waiting(): Request[] {
    const delivered = new Set(this.carrier.texts.map(({ to }) => to));
    return this.client.requests.filter((request) => isPromised(request) && !delivered.has(request.to));
  }

  async delivered(seconds: number): Promise<void> {
    await until('every promised text has arrived', seconds, () => this.waiting().length === 0);
  }

  /** Events of another producer, each under its own record: promised once the broker has confirmed. */
  async publish(texts: readonly PlainText[], copies = 1): Promise<void> {
    await withChannel(this.cluster.alive.url, async (channel) => {
      const requests = texts.map(({ messageId, to }) => ({ to, messageId, askedAt: Date.now(), status: 0 }));
      for (const text of texts) {
        for (let copy = 0; copy < copies; copy++) {
          channel.publish('otpost', 'sms.send', Buffer.from(JSON.stringify(packetOf(text))), {
            messageId: text.messageId,
            persistent: true,
            mandatory: true,
          });
        }
      }
      await channel.waitForConfirms();
      for (const request of requests) Object.assign(request, { status: 202, answeredAt: Date.now() });
      this.client.requests.push(...requests);
    });
  }

  plainTexts(count: number, livesFor = 300): PlainText[] {
    return Array.from({ length: count }, () => ({ messageId: randomUUID(), to: nextNumber(), livesFor }));
  }

  /** Messages ready in a queue. */
  ready(queue: string): Promise<number> {
    return messagesIn(this.cluster.alive.url, queue);
  }

  /** Waits until nothing is ready in these and nothing under way, twice in a row, so that what is between two of them is not overlooked. */
  async atRest(queues: readonly string[], deadline: number): Promise<boolean> {
    for (let empty = 0; empty < 2;) {
      if (Date.now() > deadline) return false;
      const counts = await readyIn(this.cluster, queues);
      const idle = (await Promise.all(this.processes.map((each) => each.isIdle()))).every(Boolean);
      empty = idle && [...counts.values()].every((count) => count === 0) ? empty + 1 : 0;
      await this.wait(0.25);
    }
    return true;
  }

  async end(): Promise<void> {
    await this.client.end();
    await Promise.all(this.processes.map((each) => each.kill()));
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
  }
}

const packetOf = ({ messageId, to, livesFor = 300 }: PlainText) => ({
  pattern: 'sms.send',
  data: {
    messageId,
    to,
    template: 'verification-code',
    locale: 'zh-CN',
    params: { code: '135246', minutes: '5' },
    expiresAt: new Date(Date.now() + livesFor * 1000).toISOString(),
  },
});
