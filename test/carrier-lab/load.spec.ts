import type { CarrierLab } from '../../apps/carrier-lab/src/create-carrier-lab.ts';
import { CcpProvider } from '../../libs/sms-provider/src/providers/ccp.provider.ts';
import { until } from '../support/until.ts';
import { ask, aText, ccpAt, send, startLab } from './start-lab.ts';

let lab: CarrierLab;
let ccp: CcpProvider;

beforeEach(async () => {
  lab = await startLab();
  ccp = ccpAt(lab);
});
afterEach(async () => {
  await ccp.close();
  await lab.close();
});

const aThousand = (signal?: AbortSignal) =>
  Promise.all(
    Array.from({ length: 1_000 }, (_, index) =>
      send(
        ccp,
        aText({ params: { code: String(100_000 + index), minutes: '5' } }),
        signal && AbortSignal.any([signal]),
      ),
    ),
  );

it('holds a thousand texts at once', async () => {
  await ask(lab, 'PUT', '/faults', { hang: 'after' });
  const abort = new AbortController();
  const outcomes = aThousand(abort.signal);
  await until('a thousand texts held', 20, () => lab.stats.view().inFlight === 1_000);
  abort.abort();

  expect(new Set((await outcomes).map(({ kind }) => kind))).toEqual(new Set(['unknown']));
  await until('the hang-ups', 10, () => lab.stats.view().inFlight === 0);
  expect((await ask(lab, 'GET', '/stats')).body).toMatchObject({
    calls: 1_000,
    accepted: 1_000,
    refused: {},
    duplicates: 0,
    inFlight: 0,
    maxInFlight: 1_000,
  });
}, 40_000);

it('answers a thousand slow texts, and starts to count anew when told', async () => {
  await ask(lab, 'PUT', '/faults', { latencyMs: 500 });

  expect(new Set((await aThousand()).map(({ kind }) => kind))).toEqual(new Set(['accepted']));

  expect(lab.stats.view()).toMatchObject({ calls: 1_000, accepted: 1_000, duplicates: 0, inFlight: 0 });
  expect((await ask(lab, 'DELETE', '/stats')).status).toBe(204);
  expect(lab.stats.view()).toMatchObject({ calls: 0, accepted: 0, refused: {}, inFlight: 0, maxInFlight: 0 });
}, 40_000);
