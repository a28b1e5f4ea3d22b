import type { CarrierLab } from '../../apps/carrier-lab/src/create-carrier-lab.ts';
import { CcpProvider } from '../../libs/sms-provider/src/providers/ccp.provider.ts';
import { until } from '../support/until.ts';
import { ask, aText, ccpAt, send, startLab } from './start-lab.ts';

const HERS = '+8613800138001';
const HIS = '+8613800138002';

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
beforeEach(() => lab.inbox.delete());

const text = (to: string, code: string) => send(ccp, aText({ to, params: { code, minutes: '5' } }));

it('lists the texts of one number or of all, newest first', async () => {
  await text(HERS, '111111');
  await text(HIS, '222222');
  await text(HERS, '333333');

  const codes = async (query: string) =>
    ((await ask(lab, 'GET', `/inbox${query}`)).body?.messages as { code: string }[]).map(({ code }) => code);
  expect(await codes('')).toEqual(['333333', '222222', '111111']);
  expect(await codes('?to=%2B8613800138001')).toEqual(['333333', '111111']);
  expect(await codes('?to=+8613800138001')).toEqual(['333333', '111111']);
  expect(await codes('?to=8613800138001')).toEqual(['333333', '111111']);
  expect(await codes('?to=13800138001')).toEqual(['333333', '111111']);
  expect(await codes('?to=13800138009')).toEqual([]);
});

it('gives the latest text, or 404', async () => {
  await text(HERS, '111111');
  await text(HERS, '222222');

  expect((await ask(lab, 'GET', '/inbox/latest?to=13800138001')).body).toMatchObject({ to: HERS, code: '222222' });
  expect(await ask(lab, 'GET', '/inbox/latest?to=13800138002')).toMatchObject({
    status: 404,
    body: { detail: 'There is no text for this number.' },
  });
});

it('waits for the next text of a number', async () => {
  let answered = false;
  const waiting = ask(lab, 'GET', '/inbox/wait?to=13800138001').finally(() => (answered = true));
  await text(HIS, '222222');
  expect(answered).toBe(false);
  await text(HERS, '111111');

  expect(await waiting).toMatchObject({ status: 200, body: { to: HERS, code: '111111' } });
});

it('waits past the texts that are there already', async () => {
  await text(HERS, '111111');
  const here = await ask(lab, 'GET', '/inbox/wait?to=13800138001');
  expect(here.body).toMatchObject({ code: '111111' });

  const waiting = ask(lab, 'GET', `/inbox/wait?to=13800138001&after=${here.body?.id as string}`);
  await text(HERS, '222222');

  expect((await waiting).body).toMatchObject({ code: '222222' });
});

it('says 204 when nothing came in time', async () => {
  expect(await ask(lab, 'GET', '/inbox/wait?to=13800138001&timeout=0.05')).toMatchObject({
    status: 204,
    body: undefined,
  });
});

it('forgets one number, or all', async () => {
  await text(HERS, '111111');
  await text(HIS, '222222');

  expect((await ask(lab, 'DELETE', '/inbox?to=13800138001')).status).toBe(204);
  expect(lab.inbox.list().map(({ to }) => to)).toEqual([HIS]);
  await ask(lab, 'DELETE', '/inbox');
  expect(lab.inbox.list()).toEqual([]);
});

it('keeps the newest 500', async () => {
  await Promise.all(Array.from({ length: 510 }, (_, index) => text(HERS, String(100_000 + index))));
  await text(HIS, '999999');

  const list = lab.inbox.list();
  expect(list).toHaveLength(500);
  expect(list[0]).toMatchObject({ to: HIS });
});

it.each(['to=abc', 'timeout=31', 'timeout=soon', 'after=yesterday', 'from=13800138001'])(
  'refuses ?%s',
  async (query) => {
    expect(await ask(lab, 'GET', `/inbox/wait?${query}`)).toMatchObject({
      status: 400,
      type: expect.stringContaining('application/problem+json'),
      body: { detail: expect.stringContaining(query.split('=')[0]!) },
    });
  },
);

it('lets nobody wait for a lab that closes', async () => {
  const closing = await startLab();
  const waiting = ask(closing, 'GET', '/inbox/wait?timeout=30').catch((error: unknown) => error);
  await until('the call', 5, async () => closing.stats.view().connections > 0);
  await closing.close();
  expect(await waiting).toMatchObject({ message: 'fetch failed' });
});
