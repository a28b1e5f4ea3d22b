import { randomUUID } from 'node:crypto';
import { after, NOON } from '../../../../test/gateway/samples.js';
import type { Counters } from './counters.js';

/** What all Counters promise. */
export function countersSuite(name: string, create: () => Counters): void {
  describe(`${name}: counters`, () => {
    let counters: Counters;
    beforeAll(() => {
      counters = create();
    });

    const claimOf = (...quotas: [policy: string, quota: number, seconds: number][]) => ({
      subject: `test:${randomUUID()}`,
      windows: quotas.map(([policy, quota, seconds]) => ({ policy, quota, seconds })),
    });
    const HOUR = 3600;

    it('give as many as the quota allows in the window, and again when the first has left it', async () => {
      const claim = claimOf(['hour', 3, HOUR]);
      for (const n of [1, 2, 3])
        expect(await counters.take(claim, after(n))).toEqual({
          taken: true,
          counts: [{ used: n, resetsAt: after(HOUR + 60).getTime() }],
        });
      const refused = { taken: false, counts: [{ used: 3, resetsAt: after(HOUR + 60).getTime() }] };
      expect(await counters.take(claim, after(4))).toEqual(refused);
      expect(await counters.take(claim, after(HOUR + 59.999))).toEqual(refused);
      expect(await counters.take(claim, after(HOUR + 60))).toMatchObject({ taken: true, counts: [{ used: 1 }] });
    });

    it('count in all windows or in none', async () => {
      const claim = claimOf(['hour', 1, HOUR], ['day', 5, 24 * HOUR]);
      expect(await counters.take(claim, NOON)).toMatchObject({ taken: true, counts: [{ used: 1 }, { used: 1 }] });
      expect(await counters.take(claim, after(1))).toMatchObject({ taken: false, counts: [{ used: 1 }, { used: 1 }] });
    });

    it('give exactly the quota to two hundred at once', async () => {
      const claim = claimOf(['minute', 20, 60]);
      const answers = await Promise.all(Array.from({ length: 200 }, () => counters.take(claim, NOON)));
      expect(answers.filter(({ taken }) => taken)).toHaveLength(20);
    });

    it('keep subjects apart', async () => {
      const one = claimOf(['hour', 1, HOUR]);
      await counters.take(one, NOON);
      expect(await counters.take({ ...one, subject: `test:${randomUUID()}` }, NOON)).toMatchObject({ taken: true });
    });

    it('take back what was counted, never to less than nothing', async () => {
      const claim = claimOf(['hour', 2, HOUR], ['day', 2, 24 * HOUR]);
      await counters.take(claim, NOON);
      await counters.take(claim, after(90));
      await counters.release(claim, [NOON.getTime(), NOON.getTime(), NOON.getTime() - 1e9]);
      expect(await counters.take(claim, after(91))).toMatchObject({ taken: true, counts: [{ used: 2 }, { used: 1 }] });
    });

    it('are told a lower quota without losing count', async () => {
      const claim = claimOf(['hour', 5, HOUR]);
      for (const n of [0, 70, 140]) await counters.take(claim, after(n));
      const lower = { ...claim, windows: [{ policy: 'hour', quota: 2, seconds: HOUR }] };
      expect(await counters.take(lower, after(150))).toEqual({
        taken: false,
        counts: [{ used: 3, resetsAt: after(HOUR + 120).getTime() }],
      });
    });
  });
}
