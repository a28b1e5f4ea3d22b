import { connect, type ChannelModel } from 'amqplib';
import { randomBytes, randomUUID } from 'node:crypto';
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
} from '@app/common';
import { startEmbeddedBroker, type EmbeddedBroker } from '@app/embedded-broker';
import {
  BUILT_IN_TEMPLATES,
  HeldLedger,
  Hold,
  OutcomeEvents,
  ProviderCalls,
  SMS_POLICY,
  SmsRoute,
  SmsSender,
  smsPolicy,
  SmsSettings,
  SmsTemplates,
  type DeliveryLedger,
  type OutboundSms,
  type Rejection,
  type SendOutcome,
  type SmsProvider,
} from '@app/sms-provider';
import { MemoryDeliveryLedger } from '../../apps/sms-worker/src/ledger/memory-delivery-ledger.js';
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
  const senderOver = (
    route: SmsProvider[],
    options: { ledger?: DeliveryLedger; hold?: Hold; settings?: Partial<SmsSettings>; production?: boolean } = {},
  ) => {
    const settings = Object.assign(new SmsSettings(), {
      providers: route.map(({ name }) => name),
      ...options.settings,
    });
    const policies = new RetryPolicies();
    policies.bind(SMS_POLICY, smsPolicy(settings));
    const metrics = new Metrics();
    const hold = options.hold ?? new Hold();
    return new SmsSender(
      new HeldLedger(options.ledger ?? new MemoryDeliveryLedger(), hold, settings),
      new ProviderCalls(settings, createLogger('test', 'silent'), metrics),
      new SmsRoute(route),
      new SmsTemplates(BUILT_IN_TEMPLATES),
      new OutcomeEvents(publisher, hold),
      sealer,
      policies,
      settings,
      Object.assign(new ProcessSettings(), { environment: options.production ? 'production' : 'test' }),
      metrics,
    );
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
    const abandoned = async (message: SmsSend) => {
      const ledger = new MemoryDeliveryLedger();
      await ledger.reserve(message.messageId, 'one', { leaseMs: 1, alone: false });
      await until('the lease is over', 5, async () => (await ledger.find(message.messageId)) === 'abandoned');
      return ledger;
    };

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

    it('handles such messages one at a time', async () => {
      const ledger = new MemoryDeliveryLedger();
      let underWay = 0;
      let most = 0;
      const slow: SmsProvider = {
        name: 'one',
        capabilities: { guardsDuplicates: true },
        supports: () => true,
        async send() {
          most = Math.max(most, ++underWay);
          await new Promise((resolve) => setTimeout(resolve, 5));
          underWay--;
          return ACCEPTED;
        },
      };
      const messages = Array.from({ length: 10 }, text);
      for (const { messageId } of messages) await ledger.reserve(messageId, 'one', { leaseMs: 1, alone: false });
      await until(
        'the leases are over',
        5,
        async () => (await ledger.find(messages.at(-1)!.messageId)) === 'abandoned',
      );
      const sender = senderOver([slow], { ledger });

      const results = await Promise.all(messages.map((message) => sender.send(message, first)));

      expect(results.every(({ kind }) => kind === 'done')).toBe(true);
      expect(most).toBe(1);
    });

    it('parks a message of which three workers died, and says so', async () => {
      const message = text();
      const ledger = new MemoryDeliveryLedger();
      for (const alone of [false, true, true, true]) {
        await ledger.reserve(message.messageId, 'one', { leaseMs: 1, alone });
        await until('the lease is over', 5, async () => (await ledger.find(message.messageId)) === 'abandoned');
      }

      expect(await senderOver([company('one', [])], { ledger }).send(message, first)).toMatchObject({
        kind: 'park',
        reason: expect.stringMatching(/^poison/),
      });
      expect(await told(1)).toMatchObject([{ pattern: 'sms.unknown', data: { final: true, errorCode: 'poison' } }]);
    });

    it('waits while it may still be alive, and uses up no attempt', async () => {
      const message = text();
      const ledger = new MemoryDeliveryLedger();
      await ledger.reserve(message.messageId, 'one', { leaseMs: 15_000, alone: false });

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
      await ledger.reserve(message.messageId, 'one', { leaseMs: 1, alone: false });
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

  it('a text that no company on the route carries is dead with its reason', async () => {
    const nobody = Object.assign(company('one', []), { supports: () => false });

    expect(await senderOver([nobody]).send(text(), first)).toMatchObject({ kind: 'dead', errorClass: 'PERMANENT' });
    expect(await told(1)).toMatchObject([
      { pattern: 'sms.rejected', data: { provider: 'none', final: true, errorCode: 'no-route' } },
    ]);
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
