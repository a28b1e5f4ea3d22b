import type { CarrierLab } from '../../apps/carrier-lab/src/create-carrier-lab.ts';
import { CcpProvider } from '../../libs/sms-provider/src/providers/ccp.provider.ts';
import { isOpen, until } from '../support/until.ts';
import { ask, aText, ccpAt, send, startLab } from './start-lab.ts';

const HERS = '+8613800138001';
const HIS = '+8613800138002';
const BUSY = { kind: 'rejected', class: 'RETRYABLE', scope: 'provider', code: '160050' };

let lab: CarrierLab;
let ccp: CcpProvider;

beforeAll(async () => {
  lab = await startLab();
  ccp = ccpAt(lab);
});
afterAll(async () => {
  await ccp.close();
  await lab.close();
});
beforeEach(() => {
  lab.faults.clear();
  lab.inbox.delete();
  lab.stats.reset();
});

const fault = (body: object) => ask(lab, 'PUT', '/faults', body);
const text = (changes: Parameters<typeof aText>[0] = {}, signal?: AbortSignal) =>
  send(ccp, aText({ to: HERS, ...changes }), signal);
const texts = () => lab.inbox.list().length;

describe('the answer', () => {
  it('comes late', async () => {
    await fault({ latencyMs: 150 });
    const before = performance.now();
    expect(await text()).toMatchObject({ kind: 'accepted' });
    expect(performance.now() - before).toBeGreaterThan(145);
  });

  it.each([
    ['before', 0],
    ['after', 1],
  ])('never comes, the text being hung up %s it is taken', async (hang, taken) => {
    await fault({ hang });
    const abort = new AbortController();
    const outcome = text({}, abort.signal);
    await until('the call', 5, () => lab.stats.view().inFlight === 1);
    await until('the text', 5, () => texts() === taken);
    abort.abort();

    expect(await outcome).toEqual({ kind: 'unknown', code: 'aborted' });
    await until('the hang-up', 5, () => lab.stats.view().inFlight === 0);
    expect(texts()).toBe(taken);
  });

  it.each([
    ['before', 0],
    ['after', 1],
  ])('is cut, %s the text is taken', async (cut, taken) => {
    await fault({ cut });
    expect(await text()).toEqual({ kind: 'unknown', code: 'UND_ERR_SOCKET' });
    expect(texts()).toBe(taken);
  });

  it('that was cut is made good by the same request again', async () => {
    const message = aText();
    await fault({ cut: 'after' });
    await send(ccp, message);
    await fault({});

    expect(await send(ccp, { ...message, repeated: true })).toEqual({ kind: 'accepted', duplicate: true });
    expect(texts()).toBe(1);
  });
});

describe('the company', () => {
  it('refuses every text with a code of its own, or by a word', async () => {
    await fault({ code: '111142' });
    expect(await text()).toMatchObject({ class: 'PERMANENT', scope: 'account', code: '111142' });
    await fault({ code: 'too-soon' });
    expect(await text()).toMatchObject({ class: 'RETRYABLE', scope: 'recipient', code: '160038' });
    expect(texts()).toBe(0);
    expect(lab.stats.view().refused).toEqual({ '111142': 1, '160038': 1 });
  });

  it('is busy for the first requests of each text', async () => {
    await fault({ failFirst: 2 });
    expect([await text(), await text(), await text(), await text()]).toMatchObject([
      BUSY,
      BUSY,
      { kind: 'accepted' },
      { kind: 'accepted' },
    ]);
    expect(await text({ params: { code: '222222', minutes: '5' } })).toMatchObject(BUSY);
    expect(await text({ to: HIS })).toMatchObject(BUSY);
  });

  it('fails by chance, and the same seed fails the same requests', async () => {
    const run = async (seed: number) => {
      await fault({ errorRate: 0.3, seed });
      const kinds: string[] = [];
      for (let index = 0; index < 60; index++) kinds.push((await text()).kind);
      return kinds.join();
    };
    const [first, again, other] = [await run(7), await run(7), await run(8)];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
    const failed = first.split(',').filter((kind) => kind === 'rejected').length;
    expect(failed).toBeGreaterThan(6);
    expect(failed).toBeLessThan(30);
  });

  it('misbehaves towards one number only', async () => {
    await fault({ latencyMs: 1 });
    await fault({ to: '13800138001', code: 'busy' });

    expect(await text()).toMatchObject(BUSY);
    expect(await text({ to: HIS })).toMatchObject({ kind: 'accepted' });
    expect((await ask(lab, 'GET', '/faults')).body).toEqual({ faults: [{ latencyMs: 1 }, { to: HERS, code: 'busy' }] });

    expect((await ask(lab, 'DELETE', '/faults?to=13800138001')).status).toBe(204);
    expect(await text()).toMatchObject({ kind: 'accepted' });
    await ask(lab, 'DELETE', '/faults');
    expect((await ask(lab, 'GET', '/faults')).body).toEqual({ faults: [] });
  });

  it('closes its door and opens it again on the same port; who was inside is still answered', async () => {
    await text({ to: HIS });
    await fault({ to: HERS, latencyMs: 300 });
    const inside = text();
    await until('the call', 5, () => lab.stats.view().inFlight === 1);
    expect((await fault({ refuseSeconds: 1 })).status).toBe(200);
    await until('the closed door', 5, async () => !(await isOpen(lab.port)));

    expect(await text({ to: HIS })).toEqual({ ...BUSY, code: 'ECONNREFUSED' });
    expect(await inside).toMatchObject({ kind: 'accepted' });
    expect(await text({ to: HIS })).toMatchObject({ code: 'ECONNREFUSED' });

    await until('the open door', 5, () => isOpen(lab.port));
    expect(await text({ to: HIS })).toMatchObject({ kind: 'accepted' });
  });

  it('can be closed for good behind its closed door', async () => {
    const closing = await startLab();
    await ask(closing, 'PUT', '/faults', { refuseSeconds: 60 });
    await until('the closed door', 5, async () => !(await isOpen(closing.port)));
    await closing.close();
    expect(await isOpen(closing.port)).toBe(false);
  });
});

it.each<[body: unknown, detail: string]>([
  [{ latency: 5 }, 'property latency should not exist'],
  [{ latencyMs: -1 }, 'latencyMs must not be less than 0'],
  [{ latencyMs: '5' }, 'latencyMs must be an integer number'],
  [{ hang: true }, 'hang must be one of the following values: before, after'],
  [{ errorRate: 1.1 }, 'errorRate must not be greater than 1'],
  [{ code: 'a b' }, 'code must match'],
  [{ to: 'nobody' }, 'to must be a number such as +8613800138000'],
  [{ refuseSeconds: 61 }, 'refuseSeconds must not be greater than 60'],
  [{ refuseSeconds: 1, to: HERS }, 'refuseSeconds concerns every caller: leave out to.'],
])('refuses %j and says why', async (body, detail) => {
  expect(await ask(lab, 'PUT', '/faults', body)).toMatchObject({
    status: 400,
    body: { status: 400, detail: expect.stringContaining(detail) },
  });
  expect((await ask(lab, 'GET', '/faults')).body).toEqual({ faults: [] });
});

describe('a magic number', () => {
  it.each([
    ['0100', [{ kind: 'accepted' }]],
    ['0102', [BUSY, BUSY, { kind: 'accepted' }]],
    ['0103', [{ kind: 'rejected', class: 'PERMANENT', scope: 'recipient', code: '160042' }]],
    ['0105', [{ kind: 'accepted' }]],
    ['0106', [{ kind: 'accepted' }]],
    ['0107', [{ kind: 'rejected', class: 'RETRYABLE', scope: 'recipient', retryAfterMs: 60_000 }]],
    ['0108', [{ kind: 'accepted' }]],
  ])('that ends in %s', async (digits, outcomes) => {
    const to = `+861380000${digits}`;
    for (const outcome of outcomes) expect(await text({ to })).toMatchObject(outcome);
    expect(texts()).toBe(outcomes.filter(({ kind }) => kind === 'accepted').length);
  });

  it('that ends in 0101 is slow', async () => {
    const before = performance.now();
    expect(await text({ to: '+8613800000101' })).toMatchObject({ kind: 'accepted' });
    expect(performance.now() - before).toBeGreaterThan(4_900);
  });

  it('that ends in 0104 never answers and has no text', async () => {
    const abort = new AbortController();
    const outcome = text({ to: '+8613800000104' }, abort.signal);
    await until('the call', 5, () => lab.stats.view().inFlight === 1);
    abort.abort();
    expect(await outcome).toMatchObject({ kind: 'unknown' });
    expect(texts()).toBe(0);
  });

  it('does as it is told rather than as it is used to', async () => {
    await fault({ to: '+8613800000103', latencyMs: 0 });
    expect(await text({ to: '+8613800000103' })).toMatchObject({ kind: 'accepted' });
  });

  it('does not heed what is set for every number', async () => {
    await fault({ code: 'busy' });
    expect(await text({ to: '+8613800000100' })).toMatchObject({ kind: 'accepted' });
  });
});
