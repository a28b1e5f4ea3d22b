import fc from 'fast-check';
import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { SuspectLine } from './suspect-line.js';

describe('the line of suspects', () => {
  const arrivals = fc.array(
    fc.record({ beside: fc.constantFrom('few' as const, 'none' as const), turns: fc.nat(5), fails: fc.boolean() }),
    { maxLength: 150 },
  );

  it('whatever comes: at most 32 run at once, some alone, none is forgotten, and those who leave had many before them', () =>
    fc.assert(
      fc.asyncProperty(arrivals, async (suspects) => {
        const line = new SuspectLine(120);
        const running: string[] = [];
        const begun: number[] = [];
        let crowded = false;
        const results = suspects.map(({ beside, turns, fails }, place) =>
          line.run(beside, async () => {
            begun.push(place);
            running.push(beside);
            crowded ||= running.length > (running.includes('none') ? 1 : 32);
            for (let turn = 0; turn < turns; turn++) await turnOfLoop();
            running.splice(running.indexOf(beside), 1);
            if (fails) throw new Error('its own');
            return 'done';
          }),
        );

        const ends = (await Promise.allSettled(results)).map((end) =>
          end.status === 'rejected' ? 'failed' : end.value,
        );

        expect(crowded).toBe(false);
        expect(begun).toEqual(begun.toSorted((a, b) => a - b));
        suspects.forEach(({ beside, fails }, place) => {
          if (ends[place] !== undefined) return expect(ends[place]).toBe(fails ? 'failed' : 'done');
          const alike = suspects.slice(0, place).filter((other) => other.beside === beside);
          return expect(alike.length).toBeGreaterThanOrEqual(beside === 'few' ? 40 : 20);
        });
      }),
      { numRuns: 60 },
    ));
});
