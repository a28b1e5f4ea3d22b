import { randomBytes, randomUUID } from 'node:crypto';
import type { IdempotencyStore, KeptAnswer, Run } from './idempotency-store.js';
import { newSeed } from './request-seed.js';

const seed = () => newSeed(new Date());
const runOf = (request: Omit<Run, 'owner'>): Run => ({ ...request, owner: randomUUID() });
const newRequest = () => ({ id: randomBytes(32).toString('hex'), fingerprint: randomBytes(32).toString('hex') });
const ANSWER: KeptAnswer = { status: 202, headers: { location: '/x' }, body: { id: 'x', more: { empty: [], n: 1.5 } } };

/** What every IdempotencyStore promises. `lapse` lets the mark of a running request end. */
export function idempotencyStoreSuite(
  name: string,
  create: () => IdempotencyStore,
  lapse: (run: Run) => Promise<void>,
): void {
  describe(`${name}: requests by their keys`, () => {
    let store: IdempotencyStore;
    beforeEach(() => {
      store = create();
    });

    it('lets one of many equal requests begin', async () => {
      const request = newRequest();
      const all = await Promise.all(Array.from({ length: 50 }, () => store.begin(runOf(request), seed())));
      expect(all.filter(({ kind }) => kind === 'begun')).toHaveLength(1);
      expect(all.filter(({ kind }) => kind === 'running')).toHaveLength(49);
    });

    it('knows what has begun, until it is forgotten', async () => {
      const run = runOf(newRequest());
      expect(await store.knows(run.id)).toBe(false);
      await store.begin(run, seed());
      expect(await store.knows(run.id)).toBe(true);
      await store.forget(run);
      expect(await store.knows(run.id)).toBe(false);
    });

    it('gives the answer again', async () => {
      const request = newRequest();
      const run = runOf(request);
      await store.begin(run, seed());
      await store.answer(run, ANSWER);
      for (const time of ['once', 'twice'])
        expect([time, await store.begin(runOf(request), seed())]).toEqual([time, { kind: 'answered', answer: ANSWER }]);
    });

    it('knows another body, while the request runs, when it has ended and when it is answered', async () => {
      const request = newRequest();
      const other = { ...request, fingerprint: 'other' };
      const run = runOf(request);
      await store.begin(run, seed());
      expect(await store.begin(runOf(other), seed())).toEqual({ kind: 'reused' });
      await store.end(run);
      expect(await store.begin(runOf(other), seed())).toEqual({ kind: 'reused' });
      await store.answer(run, ANSWER);
      expect(await store.begin(runOf(other), seed())).toEqual({ kind: 'reused' });
    });

    it.each(['a run that ended without an answer', 'a run that died'])(
      'begins again with the same seed after %s',
      async (what) => {
        const request = newRequest();
        const run = runOf(request);
        const first = seed();
        expect(await store.begin(run, first)).toEqual({ kind: 'begun', seed: first, again: false });
        await (what === 'a run that died' ? lapse(run) : store.end(run));
        const second = runOf(request);
        expect(await store.begin(second, seed())).toEqual({ kind: 'begun', seed: first, again: true });
        expect(await store.begin(runOf(request), seed())).toEqual({ kind: 'running' });
        await store.end(run); // late, and no longer its to end
        expect(await store.begin(runOf(request), seed())).toEqual({ kind: 'running' });
      },
    );

    it('keeps the first answer, though two runs give one', async () => {
      const request = newRequest();
      const [slow, quick] = [runOf(request), runOf(request)];
      await store.begin(slow, seed());
      await lapse(slow);
      await store.begin(quick, seed());
      await store.answer(slow, ANSWER);
      expect(await store.begin(runOf(request), seed())).toMatchObject({ kind: 'answered' });
      await store.answer(quick, { ...ANSWER, status: 200 });
      expect(await store.begin(runOf(request), seed())).toEqual({ kind: 'answered', answer: ANSWER });
    });

    it('forgets a request that had no effect', async () => {
      const request = newRequest();
      const run = runOf(request);
      await store.begin(run, seed());
      await store.forget(run);
      const fresh = seed();
      const other = { ...request, fingerprint: 'other' };
      expect(await store.begin(runOf(other), fresh)).toEqual({ kind: 'begun', seed: fresh, again: false });
    });

    it('a run that has lapsed forgets nothing', async () => {
      const request = newRequest();
      const run = runOf(request);
      await store.begin(run, seed());
      await lapse(run);
      await store.forget(run);
      expect(await store.begin(runOf(request), seed())).toMatchObject({ kind: 'begun', again: true });
    });
  });
}
