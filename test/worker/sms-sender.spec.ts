import { connect, type ChannelModel } from 'amqplib';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createLogger,
  EventClient,
  EventPublisher,
  Metrics,
  ProcessSettings,
  RabbitSettings,
  RedisUnavailableError,
  RetryPolicies,
  Sealer,
  SmsSend,
  VerificationCodeParams,
  type Delivery,
  type HandlerResult,
} from '@app/common';
import { startEmbeddedBroker, type EmbeddedBroker } from '@app/embedded-broker';
import {
  BUILT_IN_TEMPLATES,
  Companies,
  Endings,
  ExpectedReceipts,
  HeldLedger,
  Hold,
  Pauses,
  OutcomeEvents,
  planOf,
  Receipts,
  ProviderCalls,
  Requests,
  SMS_POLICY,
  SmsRoutes,
  SmsSender,
  smsPolicy,
  SmsSettings,
  SmsTemplates,
  type Beside,
  StatusQueries,
  UnaskedTexts,
  type DeliveryLedger,
  type DueReceipts,
  type OutboundSms,
  type QueryAnswer,
  type ReceiptBook,
  type Rejection,
  type SentRequest,
  type SendOutcome,
  type RoutingPlan,
  type SmsProvider,
} from '@app/sms-provider';
import { MemoryDeliveryLedger } from '../../apps/sms-worker/src/ledger/memory-delivery-ledger.js';
import { MemoryDueReceipts } from '../../apps/sms-worker/src/ledger/memory-due-receipts.js';
import { MemoryReceiptBook } from '../../apps/sms-worker/src/ledger/memory-receipt-book.js';
import { until } from '../support/until.js';

const TO = '+8613912345678';
const ACCEPTED: SendOutcome = { kind: 'accepted', providerMessageId: 'm1' };
const UNKNOWN: SendOutcome = { kind: 'unknown', code: 'aborted' };
const rejected = (more: Partial<Rejection> = {}): SendOutcome => ({
  kind: 'rejected',
  class: 'RETRYABLE',
  scope: 'provider',
  code: 'busy',
  ...more,
});

/** A company that answers by a list, and remembers what it was asked. */
class ScriptedCompany implements SmsProvider {
  readonly asked: OutboundSms[] = [];

  constructor(
    readonly name: string,
    readonly capabilities: { guardsDuplicates: boolean },
    private readonly script: SendOutcome[],
  ) {}

  supports(): boolean {
    return true;
  }

  async send(message: OutboundSms): Promise<SendOutcome> {
    this.asked.push(message);
    const answer = this.script.shift();
    if (!answer) throw new Error(`${this.name} was asked more often than the test expects`);
    return answer;
  }
}

/** One that also answers status queries by a list. */
class AskableCompany extends ScriptedCompany {
  readonly queried: SentRequest[] = [];

  constructor(
    name: string,
    script: SendOutcome[],
    private readonly knows: QueryAnswer[],
  ) {
    super(name, { guardsDuplicates: false }, script);
  }

  async query(sent: SentRequest): Promise<QueryAnswer> {
    this.queried.push(sent);
    const answer = this.knows.shift();
    if (!answer) throw new Error(`${this.name} was queried more often than the test expects`);
    return answer;
  }
}

describe('the sender', () => {
  let broker: EmbeddedBroker;
  let client: EventClient;
  let publisher: EventPublisher;
  let observer: ChannelModel;
  let outcomes: { pattern: string; data: Record<string, unknown> }[];

  beforeAll(async () => {
    broker = await startEmbeddedBroker();
    client = new EventClient(Object.assign(new RabbitSettings(), { urls: [broker.url] }));
    await client.connect();
    publisher = new EventPublisher(client, new Metrics());
    observer = await connect(broker.url);
    const channel = await observer.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, 'otpost', 'sms.#');
    await channel.consume(
      queue,
      (message) => void outcomes.push(JSON.parse(message!.content.toString()) as (typeof outcomes)[0]),
      { noAck: true },
    );
  });
  afterAll(async () => {
    await observer.close();
    await client.close();
    await broker.close();
  });
  beforeEach(() => {
    outcomes = [];
  });

  const sealer = new Sealer({ keys: [`k1:${randomBytes(32).toString('base64')}`] });
  const first: Delivery = { attempt: 1, deferrals: 0 };
  const text = (): SmsSend =>
    Object.assign(new SmsSend(), {
      messageId: randomUUID(),
      to: TO,
      template: 'verification-code',
      locale: 'zh-CN',
      params: Object.assign(new VerificationCodeParams(), { code: '123456', minutes: '5' }),
      expiresAt: new Date(Date.now() + 300_000).toISOString(),
    });
  const company = (name: string, script: SendOutcome[], guardsDuplicates = false) =>
    new ScriptedCompany(name, { guardsDuplicates }, script);
  const pausesOf = (...names: string[]) => {
    const pauses = new Pauses(createLogger('test', 'silent'), new Metrics());
    pauses.learn(new Map(names.map((name) => [name, {}])));
    return pauses;
  };
  const senderOver = (
    route: SmsProvider[],
    options: {
      ledger?: DeliveryLedger;
      hold?: Hold;
      settings?: Partial<SmsSettings>;
      plan?: RoutingPlan;
      pauses?: Pauses;
      book?: ReceiptBook;
      due?: DueReceipts;
      metrics?: Metrics;
      production?: boolean;
      lines?: string[];
    } = {},
  ) => {
    const settings = Object.assign(new SmsSettings(), {
      providers: route.map(({ name }) => name),
      ...options.settings,
    });
    const policies = new RetryPolicies();
    policies.bind(SMS_POLICY, smsPolicy(settings));
    const metrics = options.metrics ?? new Metrics();
    const plan = options.plan ?? planOf(settings.providers);
    const hold = options.hold ?? new Hold();
    const ledger = new HeldLedger(options.ledger ?? new MemoryDeliveryLedger(), hold, settings);
    const events = new OutcomeEvents(publisher, hold);
    const { lines } = options;
    const logger = lines
      ? createLogger('test', 'error', { write: (line) => void lines.push(line) })
      : createLogger('test', 'silent');
    const expected = new ExpectedReceipts(options.due ?? new MemoryDueReceipts(), sealer, settings, metrics);
    const receipts = new Receipts(options.book ?? new MemoryReceiptBook(), expected, ledger, events, hold, metrics);
    const companies = new Companies(settings, plan, options.pauses ?? pausesOf(), logger, metrics);
    const templates = new SmsTemplates(BUILT_IN_TEMPLATES);
    const queries = new StatusQueries(companies, settings, logger, metrics);
    const calls = new ProviderCalls(settings, logger, metrics);
    const endings = new Endings(events, receipts, policies, metrics);
    return new SmsSender(
      ledger,
      new Requests(calls, queries, ledger, receipts, templates),
      calls,
      companies,
      new SmsRoutes(plan, new Map(route.map((provider) => [provider.name, provider]))),
      templates,
      endings,
      new UnaskedTexts(ledger, endings, receipts),
      sealer,
      settings,
      Object.assign(new ProcessSettings(), { environment: options.production ? 'production' : 'test' }),
      metrics,
    );
  };
  /** What workers left that died of these messages, or beside them, one after another. */
  const killed = async (messages: readonly SmsSend[], deaths: readonly Beside[]) => {
    const ledger = new MemoryDeliveryLedger();
    for (const beside of deaths) {
      for (const { messageId } of messages)
        await ledger.reserve(messageId, 'one', { leaseMs: 1, beside, token: randomUUID() });
      const last = messages.at(-1)!.messageId;
      await until('the leases are over', 5, async () => (await ledger.find(last)) === 'abandoned');
    }
    return ledger;
  };
  const told = (count: number) => until(`${count} outcomes`, 5, () => outcomes.length >= count && outcomes);

  it('asks the next company at once when one refuses with failover', async () => {
    const [one, two] = [company('one', [rejected()]), company('two', [ACCEPTED])];
    const message = text();

    expect(await senderOver([one, two]).send(message, first)).toEqual({ kind: 'done' });

    expect(await told(2)).toMatchObject([
      { pattern: 'sms.rejected', data: { provider: 'one', final: false, attempt: 1 } },
      { pattern: 'sms.accepted', data: { provider: 'two', final: true, attempt: 1, providerMessageId: 'm1' } },
    ]);
    expect(two.asked[0]!.reference).not.toBe(one.asked[0]!.reference);
  });

  describe('a text that names a set of routes', () => {
    const stop = (name: string, company: string) => ({ name, pick: 'order' as const, companies: [{ company }] });
    const plan: RoutingPlan = {
      routes: [stop('all', 'one')],
      sets: [{ name: 'bank', routes: [stop('bank', 'two')] }],
    };
    const named = (routes: string) => Object.assign(text(), { routes });

    it('goes by those, and by no other', async () => {
      const [one, two] = [company('one', [ACCEPTED]), company('two', [rejected(), ACCEPTED])];
      const sender = senderOver([one, two], { plan });

      const message = named('bank');
      expect(await sender.send(message, first)).toMatchObject({
        kind: 'retry',
        reason: 'two busy (RETRYABLE/provider)',
      });
      expect(await sender.send(message, { attempt: 2, deferrals: 0 })).toEqual({ kind: 'done' });
      expect(one.asked).toHaveLength(0);
      expect(await sender.send(text(), first)).toEqual({ kind: 'done' });
      expect([one.asked.length, two.asked.length]).toEqual([1, 2]);
    });

    it('asks nobody where there is no such set: somebody is called, it is tried again, and then given up', async () => {
      const [one, two] = [company('one', []), company('two', [])];
      const lines: string[] = [];
      const metrics = new Metrics();
      const sender = senderOver([one, two], { plan, lines, metrics });
      const message = named('shop');

      const reason = 'none no-such-routes (RETRYABLE/request)';
      expect(await sender.send(message, first)).toEqual({ kind: 'retry', reason });
      expect(await sender.send(message, { attempt: 4, deferrals: 0 })).toEqual({
        ...{ kind: 'dead', reason, errorClass: 'RETRYABLE', provider: 'none' },
      });

      expect(await told(2)).toMatchObject([
        { pattern: 'sms.rejected', data: { provider: 'none', final: false, errorCode: 'no-such-routes' } },
        { pattern: 'sms.rejected', data: { provider: 'none', final: true, errorCode: 'no-such-routes' } },
      ]);
      expect(await metrics.registry.metrics()).toContain('otpost_sms_alerts_total{provider="none",scope="request"} 2');
      expect(JSON.parse(lines[0]!)).toMatchObject({ level: 50, messageId: message.messageId, routes: 'shop' });
      expect(one.asked.length + two.asked.length).toBe(0);
    });

    it('is not given up where the ledger knows it accepted: the set has gone since', async () => {
      const ledger = new MemoryDeliveryLedger();
      const message = named('bank');
      const two = company('two', [ACCEPTED]);
      await senderOver([company('one', []), two], { plan, ledger }).send(message, first);
      const without = senderOver([company('one', [])], { plan: { routes: plan.routes }, ledger });
      expect(await without.send(message, first)).toEqual({ kind: 'done' });
      expect((await told(2)).map(({ pattern }) => pattern)).toEqual(['sms.accepted', 'sms.accepted']);
    });
  });

  it('asks nobody else about a number that was refused', async () => {
    const [one, two] = [
      company('one', [rejected({ class: 'PERMANENT', scope: 'recipient', code: 'bad-number' })]),
      company('two', []),
    ];

    expect(await senderOver([one, two]).send(text(), first)).toEqual({
      kind: 'dead',
      reason: 'one bad-number (PERMANENT/recipient)',
      errorClass: 'PERMANENT',
      provider: 'one',
    });
    expect(await told(1)).toMatchObject([
      { pattern: 'sms.rejected', data: { provider: 'one', final: true, errorScope: 'recipient' } },
    ]);
  });

  it('tries again when all have refused and one of them only for now', async () => {
    const route = [
      company('one', [rejected()]),
      company('two', [rejected({ class: 'PERMANENT', scope: 'account', code: 'no-balance' })]),
    ];

    expect(await senderOver(route).send(text(), first)).toEqual({
      kind: 'retry',
      reason: 'one busy (RETRYABLE/provider)',
    });
    const [, last] = await told(2);
    expect(last).toMatchObject({ pattern: 'sms.rejected', data: { provider: 'two', final: false } });
    expect(Date.parse(last!.data.nextAttemptAt as string) - Date.now()).toBeGreaterThan(2000);
  });

  it('leaves an unknown outcome alone where the company does not refuse duplicates, however often it is delivered', async () => {
    const [one, two] = [company('one', [UNKNOWN]), company('two', [])];
    const sender = senderOver([one, two]);
    const message = text();

    for (let delivery = 0; delivery < 3; delivery++)
      expect(await sender.send(message, first)).toEqual({ kind: 'done' });

    expect(one.asked).toHaveLength(1);
    expect((await told(3)).every(({ pattern, data }) => pattern === 'sms.unknown' && data.final === true)).toBe(true);
  });

  it('repeats an unknown outcome under the same reference where the company refuses duplicates', async () => {
    const one = company('one', [UNKNOWN, ACCEPTED], true);
    const sender = senderOver([one]);
    const message = text();

    expect(await sender.send(message, first)).toEqual({ kind: 'retry', reason: 'one aborted (unknown)' });
    expect(await sender.send(message, { attempt: 2, deferrals: 0 })).toEqual({ kind: 'done' });

    expect(one.asked.map(({ repeated }) => repeated)).toEqual([false, true]);
    expect(one.asked[0]!.reference).toBe(one.asked[1]!.reference);
    expect((await told(2)).map(({ pattern, data }) => [pattern, data.final])).toEqual([
      ['sms.unknown', false],
      ['sms.accepted', true],
    ]);
  });

  it('takes a new reference after a refusal', async () => {
    const one = company('one', [rejected(), ACCEPTED], true);
    const sender = senderOver([one]);
    const message = text();
    await sender.send(message, first);
    await sender.send(message, { attempt: 2, deferrals: 0 });

    expect(one.asked[0]!.reference).not.toBe(one.asked[1]!.reference);
    expect(one.asked[1]!.repeated).toBe(false);
  });

  it('tells an accepted text again and asks nobody', async () => {
    const one = company('one', [ACCEPTED]);
    const sender = senderOver([one]);
    const message = text();
    await sender.send(message, first);

    expect(await sender.send(message, { attempt: 2, deferrals: 0 })).toEqual({ kind: 'done' });
    expect(await sender.expire(message, { attempt: 3, deferrals: 0 })).toEqual({ kind: 'done' });

    expect((await told(3)).map(({ pattern }) => pattern)).toEqual(['sms.accepted', 'sms.accepted', 'sms.accepted']);
  });

  describe('after another worker died asking', () => {
    const abandoned = (message: SmsSend) => killed([message], ['any']);

    it('makes the same request, where the company refuses duplicates', async () => {
      const one = company('one', [{ kind: 'accepted', duplicate: true }], true);
      const message = text();

      expect(await senderOver([one], { ledger: await abandoned(message) }).send(message, first)).toEqual({
        kind: 'done',
      });
      expect(one.asked).toMatchObject([{ repeated: true }]);
      expect((await told(1))[0]!.data).not.toHaveProperty('maybeDuplicate');
    });

    it('makes it and says so, where the company does not', async () => {
      const one = company('one', [ACCEPTED]);
      const message = text();
      await senderOver([one], { ledger: await abandoned(message) }).send(message, first);

      expect(await told(1)).toMatchObject([{ pattern: 'sms.accepted', data: { maybeDuplicate: true } }]);
    });

    it('holds it back when told to', async () => {
      const one = company('one', []);
      const message = text();
      const sender = senderOver([one], { ledger: await abandoned(message), settings: { onCrash: 'hold' } });

      expect(await sender.send(message, first)).toEqual({ kind: 'done' });
      expect(await told(1)).toMatchObject([
        { pattern: 'sms.unknown', data: { final: true, errorCode: 'worker-died' } },
      ]);
    });

    /** A company that takes its time, and how many texts it has had at once, at most. */
    const slowCompany = (answer: () => Promise<unknown>) => {
      const seen = { underWay: 0, most: 0 };
      const slow: SmsProvider = {
        name: 'one',
        capabilities: { guardsDuplicates: true },
        supports: () => true,
        async send() {
          seen.most = Math.max(seen.most, ++seen.underWay);
          await answer();
          seen.underWay--;
          return ACCEPTED;
        },
      };
      return { slow, seen };
    };
    it('handles those that were under way beside one another, and holds up no new text', async () => {
      const { slow, seen } = slowCompany(() => sleep(300));
      const messages = Array.from({ length: 300 }, text);
      const sender = senderOver([slow], { ledger: await killed(messages, ['any']) });
      const begun = performance.now();
      let ended = 0;

      const results = messages.map((message) => sender.send(message, first).finally(() => ended++));
      expect(await sender.send(text(), first)).toEqual({ kind: 'done' });
      expect(ended).toBeLessThan(150);

      expect((await Promise.all(results)).every(({ kind }) => kind === 'done')).toBe(true);
      expect(performance.now() - begun).toBeLessThan(15_000); // one at a time: 90 s
      expect(seen.most).toBeGreaterThan(20);
      expect(seen.most).toBeLessThanOrEqual(32 + 1);
    }, 30_000);

    it('handles those that a second worker died of one at a time, with none of the others', async () => {
      const { slow, seen } = slowCompany(() => sleep(5));
      const messages = Array.from({ length: 10 }, text);
      const sender = senderOver([slow], { ledger: await killed(messages, ['any', 'few']) });

      const results = await Promise.all(messages.map((message) => sender.send(message, first)));

      expect(results.every(({ kind }) => kind === 'done')).toBe(true);
      expect(seen.most).toBe(1);
    });

    it('where many of them wait the rest comes back later, and uses up no attempt', async () => {
      let answer = () => {};
      const { slow } = slowCompany(() => new Promise<void>((resolve) => (answer = resolve)));
      const messages = Array.from({ length: 30 }, text);
      const sender = senderOver([slow], { ledger: await killed(messages, ['any', 'few']) });
      const ends: HandlerResult[] = [];

      const results = messages.map((message) =>
        sender.send(message, first).then((end) => {
          ends.push(end);
          answer();
          return end;
        }),
      );
      await until('nine have left', 5, () => ends.length === 9);

      expect(ends.every((end) => end.kind === 'retry' && end.afterMs === 15_000)).toBe(true);
      answer();
      await until('the others are through', 10, () => {
        answer();
        return ends.length === 30;
      });
      expect((await Promise.all(results)).filter(({ kind }) => kind === 'done')).toHaveLength(21);
    });

    it('who was only slow leaves the message to whoever repeats it', async () => {
      const ledger = new MemoryDeliveryLedger();
      const reserve = ledger.reserve.bind(ledger);
      ledger.reserve = (id, provider, options) => reserve(id, provider, { ...options, leaseMs: 30 });
      const answers: ((answer: SendOutcome) => void)[] = [];
      const slow: SmsProvider = {
        name: 'one',
        capabilities: { guardsDuplicates: false },
        supports: () => true,
        send: () => new Promise((resolve) => answers.push(resolve)),
      };
      const two = company('two', []);
      const message = text();
      const sendAgain = () => senderOver([slow, two], { ledger }).send(message, first);

      const early = sendAgain();
      await until('the lease is over', 5, async () => (await ledger.find(message.messageId)) === 'abandoned');
      const late = sendAgain();
      await until('both have asked', 5, () => answers.length === 2);
      answers[0]!(rejected());

      expect(await early).toMatchObject({ kind: 'retry', reason: 'another worker is sending it' });
      answers[1]!(ACCEPTED);
      expect(await late).toEqual({ kind: 'done' });
      expect((await told(1)).map(({ pattern }) => pattern)).toEqual(['sms.accepted']);
    });

    it('parks a message of which three workers died that handled no other such, and says so', async () => {
      const message = text();
      const ledger = await killed([message], ['any', 'few', 'none', 'none', 'none']);

      expect(await senderOver([company('one', [])], { ledger }).send(message, first)).toMatchObject({
        kind: 'park',
        reason: expect.stringMatching(/^poison/),
      });
      expect(await told(1)).toMatchObject([{ pattern: 'sms.unknown', data: { final: true, errorCode: 'poison' } }]);
    });

    it('waits while it may still be alive, and uses up no attempt', async () => {
      const message = text();
      const ledger = new MemoryDeliveryLedger();
      await ledger.reserve(message.messageId, 'one', { leaseMs: 15_000, beside: 'any', token: 'other' });

      expect(await senderOver([company('one', [])], { ledger }).send(message, first)).toEqual({
        kind: 'retry',
        reason: 'another worker is sending it',
        afterMs: expect.any(Number),
      });
    });
  });

  it('asks nobody while the ledger is away, and goes on when it is back', async () => {
    const ledger = new MemoryDeliveryLedger();
    const reserve = ledger.reserve.bind(ledger);
    let away = true;
    let tries = 0;
    ledger.reserve = (...reserved) => {
      tries++;
      return away ? Promise.reject(new RedisUnavailableError('away')) : reserve(...reserved);
    };
    const one = company('one', [ACCEPTED]);
    const sent = senderOver([one], { ledger }).send(text(), first);
    await until('it has tried twice', 5, () => tries >= 2);
    expect(one.asked).toHaveLength(0);
    away = false;

    expect(await sent).toEqual({ kind: 'done' });
  });

  it('is not taken for dead by its own reservation, which it did not hear of', async () => {
    const ledger = new MemoryDeliveryLedger();
    const reserve = ledger.reserve.bind(ledger);
    let stalled = 2;
    ledger.reserve = async (...reserved) => {
      const reservation = await reserve(...reserved);
      if (stalled-- > 0) throw new RedisUnavailableError('Command timed out');
      return reservation;
    };
    const one = company('one', [ACCEPTED]);
    const sender = senderOver([one], { ledger, settings: { onCrash: 'hold' } });

    expect(await sender.send(text(), first)).toEqual({ kind: 'done' });

    expect(one.asked).toMatchObject([{ repeated: false }]);
    expect(one.asked[0]!.ttlSeconds).toBeGreaterThan(200);
    expect(one.asked[0]!.ttlSeconds).toBeLessThanOrEqual(300);
    const [{ data }] = (await told(1)) as [(typeof outcomes)[0]];
    expect(data).not.toHaveProperty('maybeDuplicate');
  });

  it('a text whose code dies while the ledger is away is not sent', async () => {
    const ledger = new MemoryDeliveryLedger();
    ledger.reserve = () => Promise.reject(new RedisUnavailableError('away'));
    const message = Object.assign(text(), { expiresAt: new Date(Date.now() - 1500).toISOString() });

    expect(await senderOver([company('one', [])], { ledger }).send(message, first)).toEqual({ kind: 'done' });
    expect(await told(1)).toMatchObject([{ pattern: 'sms.expired' }]);
  });

  it('hands back what waits for the ledger when the process ends', async () => {
    const ledger = new MemoryDeliveryLedger();
    ledger.reserve = () => Promise.reject(new RedisUnavailableError('away'));
    const hold = new Hold();
    const sent = senderOver([company('one', [])], { ledger, hold }).send(text(), first);
    hold.beforeApplicationShutdown();

    expect(await sent).toMatchObject({ kind: 'retry', afterMs: 0 });
  });

  it('keeps an answer that it could not note until it can, and tells it only then', async () => {
    const ledger = new MemoryDeliveryLedger();
    let refusals = 2;
    const settle = ledger.settle.bind(ledger);
    ledger.settle = (...noted) =>
      refusals-- > 0 ? Promise.reject(new RedisUnavailableError('away')) : settle(...noted);
    const one = company('one', [ACCEPTED]);
    const message = text();

    expect(await senderOver([one], { ledger }).send(message, first)).toEqual({ kind: 'done' });

    expect(await ledger.find(message.messageId)).toMatchObject({ state: 'accepted' });
    expect(await told(1)).toMatchObject([{ pattern: 'sms.accepted' }]);
  });

  it('holds a text whose outcome cannot be told, and asks nobody again', async () => {
    const one = company('one', [ACCEPTED]);
    const message = text();
    broker.block('test');
    await publisher.publish(text(), { messageId: randomUUID() }); // only a publish makes the broker say that it is blocked
    let over = false;
    const sent = senderOver([one])
      .send(message, first)
      .finally(() => (over = true));
    await until('the company has been asked', 5, () => one.asked.length === 1);
    expect(over).toBe(false);
    broker.unblock();

    expect(await sent).toEqual({ kind: 'done' });
    const mine = () => outcomes.filter(({ data }) => data.messageId === message.messageId);
    await until('it is told', 5, () => mine().length > 0);
    expect(mine()).toMatchObject([{ pattern: 'sms.accepted' }]);
  });

  it('a refusal of a repetition says nothing about the first request: no new reference, no other company', async () => {
    const [one, two] = [
      company('one', [UNKNOWN, rejected(), { kind: 'accepted', duplicate: true }], true),
      company('two', []),
    ];
    const sender = senderOver([one, two]);
    const message = text();
    const results = [];
    for (const attempt of [1, 2, 3]) results.push(await sender.send(message, { attempt, deferrals: 0 }));

    expect(results.map(({ kind }) => kind)).toEqual(['retry', 'retry', 'done']);
    expect(new Set(one.asked.map(({ reference }) => reference)).size).toBe(1);
    expect(one.asked.map(({ repeated }) => repeated)).toEqual([false, true, true]);
  });

  describe('when the code has died', () => {
    const late = (message: SmsSend) =>
      Object.assign(message, { expiresAt: new Date(Date.now() - 10_000).toISOString() });

    it('drops the text', async () => {
      expect(await senderOver([company('one', [])]).expire(late(text()), first)).toEqual({ kind: 'done' });
      expect(await told(1)).toMatchObject([{ pattern: 'sms.expired', data: { provider: 'none', final: true } }]);
    });

    it('and a worker died asking: unknown, since the company may have it', async () => {
      const message = late(text());
      const ledger = new MemoryDeliveryLedger();
      await ledger.reserve(message.messageId, 'one', { leaseMs: 1, beside: 'any', token: 'dead' });
      await until('the lease is over', 5, async () => (await ledger.find(message.messageId)) === 'abandoned');

      expect(await senderOver([company('one', [])], { ledger }).expire(message, first)).toEqual({ kind: 'done' });
      expect(await told(1)).toMatchObject([
        { pattern: 'sms.unknown', data: { final: true, errorCode: 'worker-died' } },
      ]);
    });

    it('and the outcome is unknown: it stays unknown', async () => {
      const one = company('one', [UNKNOWN], true);
      const sender = senderOver([one]);
      const message = text();
      await sender.send(message, first);

      expect(await sender.expire(late(message), { attempt: 2, deferrals: 0 })).toEqual({ kind: 'done' });
      expect((await told(2)).at(-1)).toMatchObject({ pattern: 'sms.unknown', data: { provider: 'one', final: true } });
    });
  });

  it('a company that leaves no time for another attempt ends in sms.expired', async () => {
    const message = Object.assign(text(), { expiresAt: new Date(Date.now() + 1000).toISOString() });

    expect(await senderOver([company('one', [rejected()])]).send(message, first)).toEqual({ kind: 'done' });
    expect((await told(2)).map(({ pattern, data }) => [pattern, data.final])).toEqual([
      ['sms.rejected', false],
      ['sms.expired', true],
    ]);
  });

  describe('a company that is ill', () => {
    const many = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);
    const OPENS = { breakerFailures: 3, breakerOpenSeconds: 20 };

    it('F24 is left alone after so many failures: the next company has the texts at once', async () => {
      const [one, two] = [company('one', many(3, rejected())), company('two', many(10, ACCEPTED))];
      const sender = senderOver([one, two], { settings: OPENS });

      for (let n = 0; n < 10; n++) expect(await sender.send(text(), first)).toEqual({ kind: 'done' });

      expect([one.asked.length, two.asked.length]).toEqual([3, 10]);
    });

    it('F24 where nobody else is left, texts wait for it, use up no attempt and ask nobody', async () => {
      const one = company('one', many(3, rejected()));
      const sender = senderOver([one], { settings: OPENS });
      for (let n = 0; n < 3; n++) await sender.send(text(), first);
      outcomes = [];

      const result = await sender.send(text(), first);

      expect(result).toEqual({
        kind: 'retry',
        reason: 'one breaker-open (RETRYABLE/provider)',
        afterMs: expect.any(Number),
      });
      expect((result as { afterMs: number }).afterMs).toBeGreaterThan(15_000);
      expect(one.asked).toHaveLength(3);
      const [told1] = await told(1);
      expect(told1).toMatchObject({
        pattern: 'sms.rejected',
        data: { provider: 'one', errorCode: 'breaker-open', final: false, nextAttemptAt: expect.any(String) },
      });
    });

    it('S52 F26 is asked for nobody’s text twice when it never answers, and later texts go elsewhere', async () => {
      const [one, two] = [company('one', many(3, UNKNOWN)), company('two', many(5, ACCEPTED))];
      const sender = senderOver([one, two], { settings: OPENS });
      const messages = Array.from({ length: 8 }, text);

      for (const message of [...messages, ...messages.slice(0, 3)]) await sender.send(message, first);

      expect(one.asked).toHaveLength(3);
      expect(two.asked).toHaveLength(5);
      const heard = await told(11);
      expect(heard.slice(-3).map(({ pattern }) => pattern)).toEqual(['sms.unknown', 'sms.unknown', 'sms.unknown']);
    });

    it('is tried again with one text, and one success brings the others back', async () => {
      const [one, two] = [
        company('one', [...many(3, rejected()), ...many(5, ACCEPTED)]),
        company('two', many(5000, ACCEPTED)),
      ];
      const sender = senderOver([one, two], { settings: { ...OPENS, breakerOpenSeconds: 0.2 } });
      for (let n = 0; n < 5; n++) await sender.send(text(), first);
      expect(one.asked).toHaveLength(3);

      await until('a text went to it again', 5, async () => {
        await sender.send(text(), first);
        return one.asked.length > 3;
      });
      await sender.send(text(), first);

      expect(one.asked.length).toBe(5);
    });

    it('F25 is asked by nobody before the time it has named', async () => {
      const [one, two] = [company('one', [rejected({ retryAfterMs: 7_000 })]), company('two', many(3, ACCEPTED))];
      const sender = senderOver([one, two], { settings: OPENS });

      for (let n = 0; n < 3; n++) expect(await sender.send(text(), first)).toEqual({ kind: 'done' });

      expect([one.asked.length, two.asked.length]).toEqual([1, 3]);
    });

    it('F25 alone on the route, its wait is kept and uses up no attempt', async () => {
      const one = company('one', [rejected({ retryAfterMs: 7_000 })]);
      expect(await senderOver([one]).send(text(), first)).toMatchObject({ kind: 'retry', afterMs: 7_000 });
    });

    it('is not what refuses numbers: whatever it says of them, it is asked for the next one', async () => {
      const refusal = rejected({ class: 'PERMANENT', scope: 'recipient', code: 'bad-number' });
      const [one, two] = [company('one', [...many(30, refusal), ACCEPTED]), company('two', [])];
      const sender = senderOver([one, two], { settings: OPENS });

      for (let n = 0; n < 30; n++) expect(await sender.send(text(), first)).toMatchObject({ kind: 'dead' });

      expect(await sender.send(text(), first)).toEqual({ kind: 'done' });
      expect(two.asked).toHaveLength(0);
    });

    it('and out of credit: nobody asks it until somebody may have acted', async () => {
      const broke = rejected({ class: 'PERMANENT', scope: 'account', code: 'no-balance' });
      const [one, two] = [company('one', [broke]), company('two', many(5, ACCEPTED))];
      const sender = senderOver([one, two], { settings: OPENS });

      for (let n = 0; n < 5; n++) expect(await sender.send(text(), first)).toEqual({ kind: 'done' });

      expect(one.asked).toHaveLength(1);
    });

    it('while shut keeps a text whose outcome is unknown for itself, under the same reference', async () => {
      const [one, two] = [
        company('one', [UNKNOWN, UNKNOWN, UNKNOWN, { kind: 'accepted', duplicate: true }], true),
        company('two', []),
      ];
      const sender = senderOver([one, two], { settings: { ...OPENS, breakerOpenSeconds: 0.2 } });
      const messages = Array.from({ length: 3 }, text);
      for (const message of messages) expect(await sender.send(message, first)).toMatchObject({ kind: 'retry' });

      const [message] = messages as [SmsSend];
      const result = await until('its time has come', 5, async () => {
        const next = await sender.send(message, { attempt: 2, deferrals: 0 });
        return next.kind === 'done' || expect(next).toMatchObject({ kind: 'retry', afterMs: expect.any(Number) });
      });

      expect(result).toBe(true);
      expect(one.asked.at(-1)).toMatchObject({ reference: one.asked[0]!.reference, repeated: true });
    });

    it('or paused by an operator gets nothing, until it is resumed', async () => {
      const paused = pausesOf('one');
      const [one, two] = [company('one', [ACCEPTED]), company('two', [ACCEPTED])];
      const sender = senderOver([one, two], { pauses: paused });

      await sender.send(text(), first);
      paused.learn(new Map());
      await sender.send(text(), first);

      expect([one.asked.length, two.asked.length]).toEqual([1, 1]);
    });

    it('and shut: a text that was accepted before is told again', async () => {
      const paused = pausesOf();
      const one = company('one', [ACCEPTED]);
      const sender = senderOver([one], { pauses: paused });
      const message = text();
      await sender.send(message, first);
      paused.learn(new Map([['one', {}]]));

      expect(await sender.send(message, first)).toEqual({ kind: 'done' });
      expect((await told(2)).map(({ pattern }) => pattern)).toEqual(['sms.accepted', 'sms.accepted']);
    });
  });

  describe('receipts', () => {
    const DELIVERED = { status: 'delivered' } as const;

    it('that come before the answer are told after it', async () => {
      const book = new MemoryReceiptBook();
      await book.match(['one:id:m1'], DELIVERED);
      const message = text();

      expect(await senderOver([company('one', [ACCEPTED])], { book }).send(message, first)).toEqual({ kind: 'done' });

      expect((await told(2)).map(({ pattern }) => pattern)).toEqual(['sms.accepted', 'sms.delivered']);
      expect(outcomes[1]!.data).toMatchObject({
        messageId: message.messageId,
        provider: 'one',
        providerMessageId: 'm1',
      });
    });

    it('S52 settle an outcome that was unknown: the company has the text, and nobody asks again', async () => {
      const one = company('one', [UNKNOWN], true);
      const message = text();
      const book = new MemoryReceiptBook();
      const ledger = new MemoryDeliveryLedger();
      const reference = createHash('sha256').update(`${message.messageId}:0`).digest('hex').slice(0, 32);
      await book.match([`one:ref:${reference}`], DELIVERED);
      const sender = senderOver([one], { book, ledger });

      expect(await sender.send(message, first)).toEqual({ kind: 'done' });
      expect(await sender.send(message, first)).toEqual({ kind: 'done' });

      expect(one.asked).toHaveLength(1);
      expect(await ledger.find(message.messageId)).toMatchObject({ state: 'accepted' });
      expect((await told(2)).slice(0, 2).map(({ pattern }) => pattern)).toEqual(['sms.accepted', 'sms.delivered']);
    });
  });

  describe('receipts of what is called unknown without an answer', () => {
    const LATE = { expiresAt: new Date(Date.now() - 10_000).toISOString() };
    const cases: [string, Partial<SmsSend>, Beside[], string][] = [
      ['held back', {}, ['any'], 'worker-died'],
      ['whose code has died', LATE, ['any'], 'worker-died'],
      ['that is poison', {}, ['any', 'few', 'none', 'none', 'none'], 'poison'],
    ];
    const prepared = async (more: Partial<SmsSend>, deaths: Beside[]) => {
      const message = Object.assign(text(), more);
      const book = new MemoryReceiptBook();
      const ledger = await killed([message], deaths);
      const sender = senderOver([company('one', [])], { book, ledger, settings: { onCrash: 'hold' } });
      const reference = createHash('sha256').update(`${message.messageId}:0`).digest('hex').slice(0, 32);
      const end = () => (more === LATE ? sender.expire(message, first) : sender.send(message, first));
      return { message, book, ledger, id: `one:ref:${reference}`, end };
    };

    it.each(cases)('find a text %s, when they come later', async (_what, more, deaths, errorCode) => {
      const { message, book, ledger, id, end } = await prepared(more, deaths);

      await end();

      expect(await told(1)).toMatchObject([{ pattern: 'sms.unknown', data: { provider: 'one', errorCode } }]);
      expect(await ledger.find(message.messageId)).toMatchObject({ state: 'unknown', n: 0 });
      const { messageId } = message;
      expect(await book.match([id], { status: 'delivered' })).toMatchObject({ messageId, n: 0, unknown: true });
    });

    it.each(cases)('settle a text %s, when they came before', async (_what, more, deaths) => {
      const { message, book, ledger, id, end } = await prepared(more, deaths);
      await book.match([id], { status: 'delivered' });

      expect(await end()).toEqual({ kind: 'done' });

      expect((await told(2)).map(({ pattern }) => pattern)).toEqual(['sms.accepted', 'sms.delivered']);
      expect(await ledger.find(message.messageId)).toMatchObject({ state: 'accepted' });
    });
  });

  describe('S38 what is looked after', () => {
    const WINDOW = { receiptProviders: ['one'], receiptWindowSeconds: 1 };

    it('is bounded: texts beyond it are sent all the same, and counted', async () => {
      const metrics = new Metrics();
      const one = company('one', [ACCEPTED, ACCEPTED, ACCEPTED]);
      const sender = senderOver([one], { due: new MemoryDueReceipts(1), settings: WINDOW, metrics });

      for (let n = 0; n < 3; n++) expect(await sender.send(text(), first)).toEqual({ kind: 'done' });

      const unwatched = metrics.registry.getSingleMetric('otpost_sms_receipts_unwatched_total')!;
      expect((await unwatched.get()).values).toEqual([{ labels: { provider: 'one' }, value: 2 }]);
    });

    it.each<
      [what: string, settings: Partial<SmsSettings>, outcomes: SendOutcome[], knows: QueryAnswer[], left: number]
    >([
      ['a text whose receipt is awaited', WINDOW, [ACCEPTED], [], 1],
      ['nor one of a company that tells none', {}, [ACCEPTED], [], 0],
      ['one whose outcome is unknown', {}, [UNKNOWN], [{ kind: 'absent' }], 1],
      ['nor one that a query has settled', {}, [UNKNOWN], [{ kind: 'found', status: 'accepted' }], 0],
      ['nor one whose fate a query has told', WINDOW, [UNKNOWN], [{ kind: 'found', status: 'delivered' }], 0],
      ['nor one that was rejected', WINDOW, [rejected()], [], 0],
    ])('%s', async (_what, settings, script, knows, left) => {
      const due = new MemoryDueReceipts();
      const sender = senderOver([new AskableCompany('one', [...script], [...knows])], {
        due,
        settings: { ...settings, receiptWindowSeconds: 1 },
      });
      await sender.send(text(), first);

      const looked: unknown[] = [];
      await due.add({ text: { messageId: 'last', attempt: 1, provider: 'one', n: 0 }, askedAt: 0, last: true }, 1500);
      await until('all of it is due', 5, async () => {
        looked.push(...(await due.take(10, 60_000)));
        return looked.some((one) => (one as { askedAt: number }).askedAt === 0);
      });
      expect(looked).toHaveLength(left + 1);
    });
  });

  describe('S52 status queries', () => {
    const FOUND: QueryAnswer = { kind: 'found', status: 'accepted', providerMessageId: 'm1' };

    it('settle an unknown outcome: the company has the text, and no unknown is told', async () => {
      const one = new AskableCompany('one', [UNKNOWN], [FOUND]);
      const ledger = new MemoryDeliveryLedger();
      const sender = senderOver([one, company('two', [])], { ledger });
      const message = text();

      for (let delivery = 0; delivery < 2; delivery++)
        expect(await sender.send(message, first)).toEqual({ kind: 'done' });

      expect(one.asked).toHaveLength(1);
      const [sent] = one.queried as [SentRequest];
      expect(sent).toMatchObject({ to: TO, reference: one.asked[0]!.reference, text: one.asked[0]!.rendered.text });
      expect(sent.notAfter.getTime()).toBeGreaterThan(sent.notBefore.getTime());
      expect(await ledger.find(message.messageId)).toMatchObject({ state: 'accepted', providerMessageId: 'm1' });
      expect((await told(2)).map(({ pattern }) => pattern)).toEqual(['sms.accepted', 'sms.accepted']);
    });

    it('tell a text’s fate too, where the company knows it', async () => {
      const failed: QueryAnswer = { kind: 'found', status: 'undelivered', errorCode: 'UNDELIV' };
      await senderOver([new AskableCompany('one', [UNKNOWN], [failed])]).send(text(), first);

      expect(await told(2)).toMatchObject([
        { pattern: 'sms.accepted', data: { provider: 'one' } },
        { pattern: 'sms.undelivered', data: { provider: 'one', errorCode: 'UNDELIV' } },
      ]);
    });

    it.each<[what: string, answer: QueryAnswer]>([
      ['absence', { kind: 'absent' }],
      ['no answer', { kind: 'failed', code: 'aborted' }],
    ])('%s proves nothing: unknown, nobody else is asked, and nobody again', async (_what, answer) => {
      const one = new AskableCompany('one', [UNKNOWN], [answer]);
      const sender = senderOver([one, company('two', [])]);
      const message = text();

      for (let delivery = 0; delivery < 3; delivery++)
        expect(await sender.send(message, first)).toEqual({ kind: 'done' });

      expect([one.asked.length, one.queried.length]).toEqual([1, 1]);
      expect((await told(3)).every(({ pattern, data }) => pattern === 'sms.unknown' && data.final === true)).toBe(true);
    });

    it('are not made for what the company has answered', async () => {
      const one = new AskableCompany('one', [ACCEPTED, rejected()], []);
      const sender = senderOver([one]);
      await sender.send(text(), first);
      await sender.send(text(), first);
      expect(one.queried).toEqual([]);
    });

    it('are not made at a company whose breaker has opened', async () => {
      const one = new AskableCompany('one', [UNKNOWN, UNKNOWN], [{ kind: 'absent' }]);
      const sender = senderOver([one, company('two', [])], { settings: { breakerFailures: 2 } });

      for (let n = 0; n < 2; n++) expect(await sender.send(text(), first)).toEqual({ kind: 'done' });

      expect(one.queried).toHaveLength(1);
    });

    describe('after a worker died asking', () => {
      const abandoned = (message: SmsSend) => killed([message], ['any']);

      it.each(['resend', 'hold'] as const)(
        '(%s) spare the second text where the company has the first',
        async (onCrash) => {
          const one = new AskableCompany('one', [], [FOUND]);
          const message = text();
          const sender = senderOver([one], { ledger: await abandoned(message), settings: { onCrash } });

          expect(await sender.send(message, first)).toEqual({ kind: 'done' });

          const [heard] = await told(1);
          expect(heard).toMatchObject({ pattern: 'sms.accepted', data: { providerMessageId: 'm1' } });
          expect(heard!.data).not.toHaveProperty('maybeDuplicate');
        },
      );

      it('that find nothing leave it at what SMS_ON_CRASH says', async () => {
        const message = text();
        const resending = new AskableCompany('one', [ACCEPTED], [{ kind: 'absent' }]);
        await senderOver([resending], { ledger: await abandoned(message) }).send(message, first);
        const holding = new AskableCompany('one', [], [{ kind: 'absent' }]);
        const ledger = await abandoned(message);
        await senderOver([holding], { ledger, settings: { onCrash: 'hold' } }).send(message, first);

        expect(await told(2)).toMatchObject([
          { pattern: 'sms.accepted', data: { maybeDuplicate: true } },
          { pattern: 'sms.unknown', data: { errorCode: 'worker-died', final: true } },
        ]);
      });
    });
  });

  describe('shares of what companies bear', () => {
    const planWith = (limits: object, ...names: string[]) => Object.assign(planOf(names), { limits: [limits] });

    it('texts beyond one company’s share go to the next', async () => {
      const [one, two] = [company('one', [ACCEPTED, ACCEPTED]), company('two', [ACCEPTED, ACCEPTED, ACCEPTED])];
      const plan = planWith({ name: 'one', perSecond: 4 }, 'one', 'two');
      const sender = senderOver([one, two], { plan, settings: { workers: 2 } });

      await Promise.all(Array.from({ length: 5 }, () => sender.send(text(), first)));

      expect([one.asked.length, two.asked.length]).toEqual([2, 3]);
    });

    it('where nobody has room they wait their turn', async () => {
      const one = company(
        'one',
        Array.from({ length: 12 }, () => ACCEPTED),
      );
      const sender = senderOver([one], { plan: planWith({ name: 'one', perSecond: 10 }, 'one') });
      const begun = performance.now();

      const results = await Promise.all(Array.from({ length: 12 }, () => sender.send(text(), first)));

      expect(results.every(({ kind }) => kind === 'done')).toBe(true);
      expect(performance.now() - begun).toBeGreaterThan(190);
    });
  });

  it('a company that gets more than it bears leaves room for the texts to others', async () => {
    const PLACES = 20;
    const plan = Object.assign(planOf(['busy', 'free']), { limits: [{ name: 'busy', perSecond: 1 }] });
    plan.routes = ['busy', 'free'].map((name) =>
      Object.assign(planOf([name]).routes[0]!, { name, to: [name === 'busy' ? '+86' : '+1'] }),
    );
    const busy = company(
      'busy',
      Array.from({ length: 100 }, () => ACCEPTED),
    );
    const free = company('free', [ACCEPTED]);
    const sender = senderOver([busy, free], { plan, settings: { concurrency: PLACES } });
    const queue = [...Array.from({ length: 60 }, text), Object.assign(text(), { to: '+14155550123' })];
    const results = new Map<SmsSend, HandlerResult>();
    const place = async () => {
      for (let message = queue.shift(); message; message = queue.shift())
        results.set(message, await sender.send(message, first));
    };
    const places = Array.from({ length: PLACES }, place);

    await until('the text to the other company is through', 3, () => free.asked.length === 1);

    await Promise.all(places);
    const waits = [...results.values()].flatMap((result) => (result.kind === 'retry' ? [result.afterMs] : []));
    expect(waits.length).toBeGreaterThan(40);
    expect(Math.max(...waits.map((wait) => wait ?? 0))).toBeGreaterThan(4000);
  }, 20_000);

  it('a text that no company on the route carries is dead with its reason', async () => {
    const nobody = Object.assign(company('one', []), { supports: () => false });

    expect(await senderOver([nobody]).send(text(), first)).toMatchObject({ kind: 'dead', errorClass: 'PERMANENT' });
    expect(await told(1)).toMatchObject([
      { pattern: 'sms.rejected', data: { provider: 'none', final: true, errorCode: 'no-route' } },
    ]);
  });

  it('a text that was accepted is told so again, also when no company on the route carries it any more', async () => {
    const ledger = new MemoryDeliveryLedger();
    const message = text();
    await senderOver([company('one', [ACCEPTED])], { ledger }).send(message, first);
    const nobody = Object.assign(company('one', []), { supports: () => false });

    expect(await senderOver([nobody], { ledger }).send(message, first)).toEqual({ kind: 'done' });
    expect((await told(2)).map(({ pattern }) => pattern)).toEqual(['sms.accepted', 'sms.accepted']);
  });

  it.each([
    ['a plain number', { to: TO }, 'plain-value: to'],
    ['a plain code', { to: 'sealed' }, 'plain-value: code'],
  ])('in production %s is parked', async (_what, { to }, reason) => {
    const message = text();
    if (to === 'sealed') message.to = sealer.seal(TO, { messageId: message.messageId, field: 'to' });

    await expect(senderOver([company('one', [])], { production: true }).send(message, first)).rejects.toThrow(reason);
  });
});
