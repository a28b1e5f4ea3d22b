import type { Redis } from '@app/common';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { after } from '../../../../test/gateway/samples.js';
import { connectedRedis } from '../../../../test/gateway/stores.js';
import { countersSuite } from './counters.suite.js';
import { MemoryCounters } from './memory-counters.js';
import { RedisCounters } from './redis-counters.js';

let redis: Redis;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ redis, close } = await connectedRedis());
});
afterAll(() => close());

countersSuite('memory', () => new MemoryCounters());
countersSuite('Redis', () => new RedisCounters(redis));

const step = fc.record({
  wait: fc.constantFrom(0, 0, 0.5, 1, 7, 60, 600, 3600, 86_400),
  action: fc.constantFrom('take', 'take', 'take', 'take', 'release'),
  which: fc.nat(20),
});

describe('in any history', () => {
  it('S46 memory and Redis count alike, never beyond a quota, and the wait they name is exact', async () => {
    const property = fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 8 }),
      async (steps, perMinute, perHour) => {
        const claim = {
          subject: `test:${randomUUID()}`,
          windows: [
            { policy: 'minute', quota: perMinute, seconds: 60 },
            { policy: 'hour', quota: perHour, seconds: 3600 },
          ],
        };
        const both = [new MemoryCounters(), new RedisCounters(redis)];
        let taken: number[] = [];
        let seconds = 0;
        for (const { wait, action, which } of steps) {
          seconds += wait;
          const now = after(seconds);
          if (action === 'release') {
            const at = taken[which % Math.max(1, taken.length)];
            if (at === undefined) continue;
            taken = taken.filter((_, n) => n !== which % taken.length);
            for (const counters of both) await counters.release(claim, [at]);
            continue;
          }
          const [inMemory, inRedis] = await Promise.all(both.map((counters) => counters.take(claim, now)));
          expect(inRedis).toEqual(inMemory);
          if (inMemory!.taken) taken.push(now.getTime());
          for (const { quota, seconds: length } of claim.windows)
            expect(taken.filter((at) => at > now.getTime() - length * 1000).length).toBeLessThanOrEqual(quota);
          if (inMemory!.taken) continue;
          const full = inMemory!.counts.filter(({ used }, n) => used >= claim.windows[n]!.quota);
          const opensAt = Math.max(...full.map(({ resetsAt }) => resetsAt));
          expect(await both[0]!.take(claim, new Date(opensAt - 1))).toMatchObject({ taken: false });
          for (const counters of both) {
            expect(await counters.take(claim, new Date(opensAt))).toMatchObject({ taken: true });
            await counters.release(claim, [opensAt]);
          }
          seconds += (opensAt - now.getTime()) / 1000; // what is forgotten by then stays so
        }
      },
    );
    await fc.assert(property, { numRuns: 150 });
  }, 60_000);
});
