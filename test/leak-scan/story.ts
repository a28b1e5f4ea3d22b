import { randomInt, randomUUID } from 'node:crypto';
import { messagesIn, withChannel } from '../support/broker-view.js';
import { until } from '../support/until.js';
import type { World } from './world.js';

const QUEUE = 'sms-worker.sms.send';
/** Where texts lie that nobody takes. */
export const RESTING = [`${QUEUE}.dead`, 'sms-worker.parked', `${QUEUE}.retry.60000`] as const;

interface Answer {
  readonly status: number;
  readonly body: { readonly id: string; readonly valid: boolean; readonly status: string };
}

interface Asking {
  readonly body?: unknown;
  /** Instead of `body`: what is no JSON. */
  readonly raw?: string;
  readonly authorization?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A thousand verifications that go every way there is, and whatever a caller can do wrong. */
export class Story {
  readonly numbers = new Set<string>();
  /** Codes that somebody typed, right or wrong. */
  readonly typed = new Set<string>();
  /** Every answer of the gateway, with its headers. */
  readonly answers: string[] = [];

  private readonly ways: readonly [count: number, way: () => Promise<void>][] = [
    [690, () => this.approved()],
    [100, () => this.wrongFirst()],
    [40, () => this.outOfChecks()],
    [40, () => this.resent()],
    [30, () => this.acceptedAtLast()],
    [30, () => this.refused('invalid-number', /"final":true/)],
    [10, () => this.refused('busy', /"final":true/)],
    [10, () => this.refused('too-soon', /sms\.(rejected|unknown)/)],
    [10, () => this.unanswered()],
    [10, () => this.canceled()],
    [10, () => this.askedTwice()],
  ];

  constructor(private readonly world: World) {}

  async run(): Promise<void> {
    const walks = this.ways.flatMap(([count, way]) => Array.from({ length: count }, () => way));
    const one = async () => {
      for (let walk = walks.pop(); walk; walk = walks.pop()) await walk();
    };
    await Promise.all(Array.from({ length: 24 }, one));
    await this.interrupted(20);
    await this.badInput();
    await this.poison();
    await this.operate();
  }

  /** Of a range that no carrier has. */
  number(): string {
    const number = `+86154${String(randomInt(10 ** 8)).padStart(8, '0')}`;
    if (this.numbers.has(number)) return this.number();
    this.numbers.add(number);
    return number;
  }

  private async approved(): Promise<void> {
    const { id, to } = await this.start();
    await this.check(id, await this.codeFor(to), true);
    await this.get(`/v1/verifications/${id}`);
  }

  private async wrongFirst(): Promise<void> {
    const { id, to } = await this.start();
    await this.check(id, wrongCode(), false);
    await this.check(id, await this.codeFor(to), true);
    await this.get(`/v1/verifications/${id}/timeline`);
  }

  private async outOfChecks(): Promise<void> {
    const { id, to } = await this.start();
    for (let n = 0; n < 5; n++) await this.check(id, wrongCode(), false);
    await this.post(`/v1/verifications/${id}/checks`, { body: { code: await this.codeFor(to) } });
  }

  private async resent(): Promise<void> {
    const { id, to } = await this.start();
    const first = await this.world.lab.inbox.wait(to, 0, 30_000);
    await until('another text may be asked for', 10, async () => {
      return (await this.post(`/v1/verifications/${id}/resends`, { body: {} })).status === 202;
    });
    await this.check(id, await this.codeFor(to, Number(first?.id)), true);
  }

  private async acceptedAtLast(): Promise<void> {
    const to = this.number();
    this.world.lab.faults.set({ to, failFirst: 1 });
    const { id } = await this.start(to);
    await this.check(id, await this.codeFor(to), true);
  }

  /** Where this machine is too slow for the company's answer, the outcome is unknown: that is told as well. */
  private async refused(code: string, told: RegExp): Promise<void> {
    const to = this.number();
    this.world.lab.faults.set({ to, code });
    const { id } = await this.start(to);
    await until(`${code} is told`, 30, async () => {
      const { body } = await this.get(`/v1/verifications/${id}/timeline`);
      return told.test(JSON.stringify(body));
    });
  }

  private async unanswered(): Promise<void> {
    const to = this.number();
    this.world.lab.faults.set({ to, hang: 'after' });
    const { id } = await this.start(to);
    await this.check(id, await this.codeFor(to), true);
  }

  private async canceled(): Promise<void> {
    const { id } = await this.start();
    await this.post(`/v1/verifications/${id}/cancel`);
  }

  private async askedTwice(): Promise<void> {
    const to = this.number();
    const repeat = { body: { to }, headers: { 'idempotency-key': randomUUID() } };
    await this.post('/v1/verifications', repeat);
    await this.post('/v1/verifications', repeat);
    await this.codeFor(to);
  }

  /** The worker is killed while the company has the texts and has not answered. */
  private async interrupted(count: number): Promise<void> {
    const { lab, worker } = this.world;
    for (let n = 0; n < count; n++) {
      const to = this.number();
      lab.faults.set({ to, latencyMs: 2500 });
      await this.start(to);
    }
    await until('texts are under way', 10, () => lab.stats.view().inFlight > 0);
    worker.kill('SIGKILL');
    await worker.ended;
    this.world.worker = await this.world.run('sms-worker');
  }

  /** What a caller gets wrong, with a number and a code in it. */
  private async badInput(): Promise<void> {
    const { verifyKey, operateKey } = this.world.credentials;
    const { id, to } = await this.start();
    const code = await this.codeFor(to);
    const national = to.slice(3);
    const started = '/v1/verifications';
    const checks = `${started}/${id}/checks`;
    const wrong: [path: string, asking: Asking][] = [
      [started, { raw: `{"to":"${to}","code":"${code}"` }],
      [started, { raw: `{"to":"${to}"}`, headers: { 'content-type': 'text/plain' } }],
      [started, { body: { to, code } }],
      [started, { body: { to: Number(national) } }],
      [started, { body: { to: [to] } }],
      [started, { body: { to: `${to}${code}` } }],
      [started, { body: { to, purpose: `${to} ${code}` } }],
      [started, { body: { to, locale: code, template: code, channel: to } }],
      [started, { body: [to, code] }],
      [checks, { body: { code: Number(code) } }],
      [checks, { body: { code: `${code}x` } }],
      [checks, { body: { code: `${code}${code}` } }],
      [checks, { body: { code: [code], to } }],
      [checks, { raw: `code=${code}&to=${encodeURIComponent(to)}` }],
      [checks, { body: { code }, authorization: `Bearer ${operateKey}` }],
      [checks, { body: { code }, authorization: `Bearer ${verifyKey}x` }],
      [checks, { body: { code }, authorization: `Basic ${Buffer.from(`shop:${verifyKey}`).toString('base64')}` }],
      [`${checks}?code=${code}`, { body: {} }],
      [`/v1/dead-letters/replay`, { body: { to, messageIds: [code] }, authorization: `Bearer ${operateKey}` }],
    ];
    for (const [path, asking] of wrong) await this.post(path, asking);
    for (const path of [`${started}/${to}`, `${started}/${national}/${code}`, `/${national}?code=${code}`])
      await this.get(path);
  }

  /** Events that cannot be handled, with sealed values of others in them. */
  private async poison(): Promise<void> {
    const [one, other] = this.world.sends;
    const mixed = { ...one!, params: { ...one!.params, code: other!.params.code } };
    const bodies = [
      JSON.stringify({ pattern: 'sms.send', data: mixed }),
      JSON.stringify({ pattern: 'sms.send', data: { ...other, template: 'none' } }),
      JSON.stringify({ pattern: 'sms.send', data: one }).slice(0, -20),
    ];
    await withChannel(this.world.rabbit.url, async (channel) => {
      for (const body of bodies) channel.publish('otpost', 'sms.send', Buffer.from(body), { persistent: true });
      await channel.waitForConfirms();
    });
    await until('all of them are parked', 20, async () => {
      return (await messagesIn(this.world.rabbit.url, 'sms-worker.parked')) === bodies.length;
    });
  }

  /** What support and operators look at. */
  private async operate(): Promise<void> {
    const authorization = `Bearer ${this.world.credentials.operateKey}`;
    const [to] = this.numbers;
    const looks = [
      '/v1/dead-letters',
      `/v1/dead-letters?to=${encodeURIComponent(to!)}`,
      '/v1/parked',
      '/metrics',
      '/readyz',
    ];
    for (const path of looks) await this.get(path, { authorization });
    await this.post('/v1/dead-letters/replay', { body: { dryRun: true }, authorization });
    await this.post('/v1/dead-letters/discard', { body: { limit: 2 }, authorization });
  }

  private async start(to = this.number()): Promise<{ id: string; to: string }> {
    const { status, body } = await this.post('/v1/verifications', { body: { to } });
    if (status !== 202) throw new Error(`A start was answered with ${status}: ${JSON.stringify(body)}`);
    return { id: body.id, to };
  }

  private async check(id: string, code: string, valid: boolean): Promise<void> {
    this.typed.add(code);
    const { body } = await this.post(`/v1/verifications/${id}/checks`, { body: { code } });
    if (body.valid !== valid) throw new Error(`A check was answered with ${JSON.stringify(body)}`);
  }

  private async codeFor(to: string, after = 0): Promise<string> {
    const text = await this.world.lab.inbox.wait(to, after, 60_000);
    if (!text?.code) throw new Error('A text did not arrive');
    this.typed.add(text.code);
    return text.code;
  }

  private get(path: string, asking: Asking = {}): Promise<Answer> {
    return this.ask('GET', path, asking);
  }

  private post(path: string, asking: Asking = {}): Promise<Answer> {
    return this.ask('POST', path, asking);
  }

  private async ask(method: string, path: string, { body, raw, authorization, headers }: Asking): Promise<Answer> {
    const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(`${this.world.gateway.url}${path}`, {
      method,
      headers: {
        authorization: authorization ?? `Bearer ${this.world.credentials.verifyKey}`,
        ...(content === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(content === undefined ? {} : { body: content }),
    });
    const text = await response.text();
    const head = [...response.headers].map((line) => line.join(': ')).join('\n');
    this.answers.push(`${response.status} to ${method}\n${head}\n\n${text}\n`);
    return { status: response.status, body: (text.startsWith('{') ? JSON.parse(text) : {}) as Answer['body'] };
  }
}

/** Ten digits that are the right ones once in ten thousand million times. */
const wrongCode = () => String(randomInt(10 ** 10)).padStart(10, '0');
