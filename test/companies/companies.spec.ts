import { startEmbeddedBroker, type EmbeddedBroker } from '@app/embedded-broker';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Services } from '../../apps/gateway/src/services/services.js';
import { newNumber, RECEIPTS_OF_CCP, startSystem, type System } from '../support/system.js';
import { tempFile } from '../support/temp-file.js';
import { freePort, until } from '../support/until.js';

/** Whole systems with more than one company, over real sockets. */
let broker: EmbeddedBroker;
let system: System | undefined;
beforeEach(async () => {
  broker = await startEmbeddedBroker();
});
afterEach(async () => {
  await system?.close();
  system = undefined;
  await broker.close();
});

const started = async (environment: Record<string, string>): Promise<System> => {
  system = await startSystem({ rabbitUrl: broker.url }, { SMS_RETRY_BACKOFF_SECONDS: '0.2', ...environment });
  system.lab.receipts.sendTo(system.receiptsUrl);
  return system;
};
const start = async ({ post }: System, to = newNumber()) => ({
  to,
  id: (await post('/v1/verifications', { to })).body.id,
});
const timeline = async ({ get }: System, id: string) => (await get(`/v1/verifications/${id}/timeline`)).body.timeline;
const eventOf = (from: System, id: string, event: string, seconds = 10) =>
  until(`${event} on the timeline`, seconds, async () =>
    (await timeline(from, id)).find((entry) => entry.event === event),
  );

/** Takes connections and says nothing, until it is told to hand them on to somebody. */
async function blackHole(): Promise<{ url: string; connections: () => number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const QUICK = { SMS_SEND_TIMEOUT_SECONDS: '1', SMS_BREAKER_FAILURES: '3', SMS_BREAKER_OPEN_SECONDS: '2' };

describe('a company that takes connections and never answers', () => {
  it('S52 F26 no text is sent twice, later texts go to the next company, and it is tried again by itself', async () => {
    const hole = await blackHole();
    const to = await started({
      ...QUICK,
      SMS_BREAKER_OPEN_SECONDS: '5',
      SMS_PROVIDERS: 'twilio,webhook',
      SMS_TWILIO_BASE_URL: hole.url,
    });
    const { lab } = to;
    try {
      const first = await Promise.all(Array.from({ length: 3 }, () => start(to)));
      for (const { id } of first)
        expect(await eventOf(to, id, 'sms.unknown')).toMatchObject({ provider: 'twilio', final: true });

      const later = await Promise.all(Array.from({ length: 10 }, () => start(to)));
      for (const { id } of later)
        expect(await eventOf(to, id, 'sms.accepted', 1.5)).toMatchObject({ provider: 'webhook', attempt: 1 });

      const probes = hole.connections();
      await until('it is tried again', 15, async () => {
        await start(to);
        return hole.connections() > probes;
      });
      for (const { to: number } of first) expect(lab.inbox.list(number)).toEqual([]);
      for (const { to: number } of later) expect(lab.inbox.list(number)).toHaveLength(1);
      expect(lab.stats.view().duplicates).toBe(0);
    } finally {
      await hole.close();
    }
  });

  it('F26 recovers: the company answers again, and its first texts come back to it', async () => {
    const to = await started({ ...QUICK, SMS_PROVIDERS: 'webhook,twilio' });
    const { lab } = to;
    lab.faults.set({ hang: 'before' });
    const sick = await Promise.all(Array.from({ length: 3 }, () => start(to)));
    for (const { id } of sick) await eventOf(to, id, 'sms.unknown');
    lab.faults.clear();

    for (const { id } of sick) expect(await eventOf(to, id, 'sms.accepted', 20)).toMatchObject({ provider: 'webhook' });

    for (const { to: number } of sick) expect(lab.inbox.list(number)).toHaveLength(1);
    const { id } = await start(to);
    expect(await eventOf(to, id, 'sms.accepted')).toMatchObject({ provider: 'webhook' });
  });
});

describe('a company that refuses a number', () => {
  it('no other company is asked, and the next number goes to it all the same', async () => {
    const to = await started({ ...QUICK, SMS_PROVIDERS: 'ccp,webhook' });
    for (let n = 0; n < 6; n++) {
      const number = newNumber();
      to.lab.faults.set({ to: number, code: 'invalid-number' });
      const { id } = await start(to, number);
      expect(await eventOf(to, id, 'sms.rejected')).toMatchObject({
        provider: 'ccp',
        final: true,
        errorScope: 'recipient',
      });
      expect(to.lab.inbox.list(number)).toEqual([]);
    }

    const { id } = await start(to);
    expect(await eventOf(to, id, 'sms.accepted')).toMatchObject({ provider: 'ccp' });
  });
});

it('F25 a company that says when to come back is asked by nobody before, and no attempt is used up', async () => {
  const to = await started({ ...QUICK, SMS_PROVIDERS: 'webhook' });
  to.lab.faults.set({ code: 'busy', retryAfterSeconds: 5 });
  const begun = Date.now();
  const texts = [await start(to)];
  await eventOf(to, texts[0]!.id, 'sms.rejected');
  texts.push(await start(to));
  await eventOf(to, texts[1]!.id, 'sms.rejected');
  to.lab.faults.clear();

  for (const { id } of texts) {
    const { at, attempt } = (await eventOf(to, id, 'sms.accepted', 20)) as { at: string; attempt: number };
    expect(Date.parse(at) - begun).toBeGreaterThanOrEqual(5000);
    expect(attempt).toBe(1);
  }
  expect(to.lab.stats.view().calls).toBe(3);
});

it('F24 a company that fails all the time is not stormed, and all texts are sent when it is well', async () => {
  const to = await started({ ...QUICK, SMS_PROVIDERS: 'webhook', SMS_MAX_ATTEMPTS: '6' });
  to.lab.faults.set({ code: 'busy' });
  const texts = await Promise.all(Array.from({ length: 40 }, () => start(to)));
  for (const { id } of texts) await until('told', 10, async () => (await timeline(to, id)).length > 2);
  const stormed = to.lab.stats.view().calls;
  to.lab.faults.clear();

  for (const { id } of texts) await eventOf(to, id, 'sms.accepted', 40);

  expect(stormed).toBeLessThan(80); // without a breaker: up to six attempts each
  for (const { to: number } of texts) expect(to.lab.inbox.list(number)).toHaveLength(1);
}, 120_000);

describe('routes', () => {
  it('send each country’s texts their own way', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'otpost-routes-'));
    const file = join(folder, 'routes.json');
    const routes = [
      { name: 'orders', to: ['CN'], purposes: ['order'], companies: [{ company: 'webhook' }] },
      { name: 'china', to: ['CN'], companies: [{ company: 'ccp' }] },
      { name: 'world', companies: [{ company: 'twilio' }] },
    ];
    writeFileSync(file, JSON.stringify({ routes }));
    const to = await started({ SMS_PROVIDERS: '', SMS_ROUTES_FILE: file });
    const providerOf = async (body: object) => {
      const { id } = (await to.post('/v1/verifications', body)).body;
      return (await eventOf(to, id, 'sms.accepted')).provider;
    };

    expect(await providerOf({ to: newNumber() })).toBe('ccp');
    expect(await providerOf({ to: newNumber(), purpose: 'order' })).toBe('webhook');
    expect(await providerOf({ to: '+14155552671' })).toBe('twilio');
    rmSync(folder, { recursive: true });
  });

  it('of a set are for the services that name it; where the set is not there, no company is asked', async () => {
    const all = { name: 'all', companies: [{ company: 'ccp' }] };
    const bank = { name: 'bank', routes: [{ name: 'bank-all', companies: [{ company: 'webhook' }] }] };
    const services = tempFile('{}');
    const to = await started({
      SMS_PROVIDERS: '',
      SMS_ROUTES_FILE: tempFile(JSON.stringify({ routes: [all], sets: [bank] })).path,
      SERVICES_FILE: services.path,
      SMS_MAX_ATTEMPTS: '2',
      RESEND_COOLDOWN_SECONDS: '1',
    });
    const service = (settings: object) => {
      services.write(JSON.stringify({ default: settings }));
      to.gateway.get(Services, { strict: false }).reload();
    };
    const acceptedBy = async ({ id }: { id: string }) => (await eventOf(to, id, 'sms.accepted')).provider;

    expect(await acceptedBy(await start(to))).toBe('ccp');
    service({ routes: 'bank' });
    const banks = await start(to);
    expect(await acceptedBy(banks)).toBe('webhook');

    service({ routes: 'shop' });
    const lost = await start(to);
    const ended = await until('it is undeliverable', 10, async () => {
      const { status } = (await to.get(`/v1/verifications/${lost.id}`)).body;
      return status === 'undeliverable' && timeline(to, lost.id);
    });
    const rejections = ended.filter(({ event }) => event === 'sms.rejected');
    expect(rejections).toMatchObject([
      { provider: 'none', attempt: 1, final: false, errorCode: 'no-such-routes' },
      { provider: 'none', attempt: 2, final: true, errorCode: 'no-such-routes' },
    ]);
    const again = await until('the next text may go', 5, async () => {
      const answer = await to.post(`/v1/verifications/${banks.id}/resends`);
      return answer.status === 202 && answer;
    });
    expect(again.body.id).toBe(banks.id);
    const accepted = await until('the second text is accepted', 10, async () => {
      const events = (await timeline(to, banks.id)).filter(({ event }) => event === 'sms.accepted');
      return events.length === 2 && events;
    });
    expect(accepted.map(({ provider }) => provider)).toEqual(['webhook', 'webhook']); // as it was started
  });
});

describe('receipts', () => {
  const ALL = {
    ...RECEIPTS_OF_CCP,
    RECEIPT_PROVIDERS: 'ccp,aliyun,tencent,webhook',
  };
  const deliveryOf = async (from: System, id: string) =>
    (await from.get(`/v1/verifications/${id}`)).body.delivery.status;

  it.each(['ccp', 'aliyun', 'tencent', 'webhook'])('of %s land on the timeline', async (company) => {
    const to = await started({ ...ALL, SMS_PROVIDERS: company });
    const [well, ill] = [await start(to), newNumber()];
    to.lab.faults.set({ to: ill, receipt: 'undelivered' });
    const lost = await start(to, ill);

    expect(await eventOf(to, well.id, 'sms.delivered')).toMatchObject({ provider: company, final: true });
    expect(await eventOf(to, lost.id, 'sms.undelivered')).toMatchObject({
      provider: company,
      errorCode: expect.any(String),
    });
    expect([await deliveryOf(to, well.id), await deliveryOf(to, lost.id)]).toEqual(['delivered', 'undelivered']);
  });

  it('of Twilio too, at the address that each request names', async () => {
    const port = await freePort();
    const to = await started({
      RECEIPT_PROVIDERS: 'twilio',
      SMS_PROVIDERS: 'twilio',
      SMS_TWILIO_STATUS_CALLBACK_URL: `http://127.0.0.1:${port}/v1/receipts/twilio`,
    });
    // What stands in front of a gateway: another address than the one that the gateway listens on.
    const proxy = createServer((client) => {
      const upstream = connect(Number(new URL(to.receiptsUrl).port), '127.0.0.1');
      client.on('close', () => upstream.destroy()).on('error', () => upstream.destroy());
      upstream.on('close', () => client.destroy()).on('error', () => client.destroy());
      client.pipe(upstream).pipe(client);
    });
    await new Promise<void>((resolve) => proxy.listen(port, '127.0.0.1', resolve));
    const { id } = await start(to, '+14155552671');

    expect(await eventOf(to, id, 'sms.delivered')).toMatchObject({ provider: 'twilio' });

    await to.close(); // and with it both ends of what is kept alive
    system = undefined;
    await new Promise((resolve) => proxy.close(resolve));
  });

  it('that come twice, early or in another order change nothing', async () => {
    const to = await started({ ...ALL, SMS_PROVIDERS: 'ccp' });
    to.lab.faults.set({ receiptDelayMs: 0, receiptJitterMs: 300, receiptTimes: 3, latencyMs: 50 });
    const texts = await Promise.all(Array.from({ length: 10 }, () => start(to)));

    for (const { id } of texts) await eventOf(to, id, 'sms.delivered');
    for (const { id } of texts)
      expect((await timeline(to, id)).filter(({ event }) => event === 'sms.delivered')).toHaveLength(1);
  });

  it.each(['none', 'unknown-id', 'forged'] as const)('%s: a text stays accepted', async (receipt) => {
    const to = await started({ ...ALL, SMS_PROVIDERS: 'webhook' });
    const number = newNumber();
    to.lab.faults.set({ to: number, receipt, receiptDelayMs: 0 });
    const quiet = await start(to, number);
    await eventOf(to, quiet.id, 'sms.accepted');
    const next = await start(to);
    await eventOf(to, next.id, 'sms.delivered');

    expect(await deliveryOf(to, quiet.id)).toBe('accepted');
  });

  it('S52 settle what was unknown: the answer got lost, the receipt did not', async () => {
    const to = await started({ ...QUICK, ...ALL, SMS_PROVIDERS: 'webhook' });
    const number = newNumber();
    to.lab.faults.set({ to: number, cut: 'after', receiptDelayMs: 300 });
    const { id } = await start(to, number);

    await eventOf(to, id, 'sms.unknown');
    await eventOf(to, id, 'sms.delivered');
    expect(await deliveryOf(to, id)).toBe('delivered');
    expect(to.lab.inbox.list(number)).toHaveLength(1);
  });
});

const ABROAD = '+14155552671';

describe('S52 an answer that got lost', () => {
  const numberFor = (company: string) => (company === 'twilio' ? ABROAD : newNumber());

  it.each(['twilio', 'aliyun', 'tencent'])(
    'of %s is made good by a status query: accepted, one text',
    async (company) => {
      const to = await started({ ...QUICK, SMS_PROVIDERS: `${company},webhook` });
      const number = numberFor(company);
      to.lab.faults.set({ to: number, cut: 'after', receiptDelayMs: 0 });
      const { id } = await start(to, number);

      expect(await eventOf(to, id, 'sms.accepted')).toMatchObject({ provider: company, final: true });
      expect((await timeline(to, id)).map(({ event }) => event)).not.toContain('sms.unknown');
      expect(to.lab.inbox.list(number)).toHaveLength(1);
      expect(to.lab.stats.view()).toMatchObject({ calls: 1, queries: 1 });
    },
  );

  it.each([
    ['twilio', 'empty'],
    ['aliyun', 'down'],
    ['tencent', 'hang'],
  ] as const)('of %s stays unknown where the query meets %s, and nobody else is asked', async (company, query) => {
    const to = await started({ ...QUICK, SMS_PROVIDERS: `${company},webhook` });
    const number = numberFor(company);
    to.lab.faults.set({ to: number, cut: 'after', query });
    const { id } = await start(to, number);

    expect(await eventOf(to, id, 'sms.unknown')).toMatchObject({ provider: company, final: true });
    expect(to.lab.stats.view()).toMatchObject({ calls: 1, queries: 1, accepted: 1 });
  });

  it('is made good later, where the company lists the text late', async () => {
    const to = await started({ ...QUICK, SMS_PROVIDERS: 'aliyun', SMS_RECEIPT_WINDOW_SECONDS: '2' });
    const number = newNumber();
    to.lab.faults.set({ to: number, cut: 'after', queryLateMs: 1000, receiptDelayMs: 0 });
    const { id } = await start(to, number);

    await eventOf(to, id, 'sms.unknown');
    await eventOf(to, id, 'sms.accepted');
    expect(await eventOf(to, id, 'sms.delivered')).toMatchObject({ provider: 'aliyun' });
    expect(to.lab.inbox.list(number)).toHaveLength(1);
  });
});

describe('S38 accepted is not delivered: a receipt that does not come', () => {
  const WAITS = { ...RECEIPTS_OF_CCP, RECEIPT_PROVIDERS: 'ccp,aliyun,webhook', SMS_RECEIPT_WINDOW_SECONDS: '1' };
  const metric = async ({ worker }: System, name: string) =>
    (await (await fetch(`${await worker.getUrl()}/metrics`)).text()).split('\n').find((line) => line.startsWith(name));

  it('is missing after the window: on the timeline, and counted', async () => {
    const to = await started({ ...WAITS, SMS_PROVIDERS: 'ccp' });
    const number = newNumber();
    to.lab.faults.set({ to: number, receipt: 'none' });
    const { id } = await start(to, number);
    const punctual = await start(to);

    expect(await eventOf(to, id, 'sms.unknown')).toMatchObject({ provider: 'ccp', errorCode: 'receipt-missing' });
    expect((await to.get(`/v1/verifications/${id}`)).body.delivery.status).toBe('accepted');
    expect(await metric(to, 'otpost_sms_receipts_missing_total')).toMatch(/provider="ccp".* 1$/);
    expect((await timeline(to, punctual.id)).map(({ event }) => event)).toEqual(
      expect.arrayContaining(['sms.accepted', 'sms.delivered']),
    );
  });

  it('and comes late is told all the same', async () => {
    const to = await started({ ...WAITS, SMS_PROVIDERS: 'webhook' });
    const number = newNumber();
    to.lab.faults.set({ to: number, receiptDelayMs: 3500 });
    const { id } = await start(to, number);

    await eventOf(to, id, 'sms.unknown');
    await eventOf(to, id, 'sms.delivered');
    expect((await to.get(`/v1/verifications/${id}`)).body.delivery.status).toBe('delivered');
  });

  it('is asked for once, and what the company says counts as the receipt', async () => {
    const to = await started({ ...WAITS, SMS_PROVIDERS: 'aliyun' });
    const number = newNumber();
    to.lab.faults.set({ to: number, receiptLoss: 1, receiptDelayMs: 0 });
    const { id } = await start(to, number);

    expect(await eventOf(to, id, 'sms.delivered')).toMatchObject({ provider: 'aliyun' });
    expect(to.lab.stats.view().queries).toBe(1);
    expect((await timeline(to, id)).map(({ event }) => event)).not.toContain('sms.unknown');
  });

  it('is not missed where the gateway does not take them', async () => {
    const to = await started({ ...WAITS, RECEIPT_PROVIDERS: 'webhook', SMS_PROVIDERS: 'ccp,webhook' });
    to.lab.faults.set({ receipt: 'none' });
    const { id } = await start(to);
    expect(await eventOf(to, id, 'sms.accepted')).toMatchObject({ provider: 'ccp' });
    const later = await start(to, ABROAD);
    await eventOf(to, later.id, 'sms.unknown');

    expect((await timeline(to, id)).map(({ event }) => event)).not.toContain('sms.unknown');
    expect(await metric(to, 'otpost_sms_receipts_missing_total{')).toMatch(/provider="webhook"/);
  });
});
