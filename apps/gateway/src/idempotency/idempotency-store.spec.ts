import type { Redis } from '@app/common';
import { randomBytes, randomUUID } from 'node:crypto';
import { connectedRedis } from '../../../../test/gateway/stores.js';
import { idempotencyStoreSuite } from './idempotency-store.suite.js';
import { MemoryIdempotencyStore } from './memory-idempotency-store.js';
import { RedisIdempotencyStore } from './redis-idempotency-store.js';
import { newSeed } from './request-seed.js';

let redis: Redis;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ redis, close } = await connectedRedis());
});
afterAll(() => close());
afterEach(() => import.meta.jest.restoreAllMocks());

/** The memory store's clock is the monotonic one. */
function skip(ms: number): void {
  const now = performance.now.bind(performance);
  import.meta.jest.spyOn(performance, 'now').mockImplementation(() => now() + ms);
}

idempotencyStoreSuite(
  'memory',
  () => new MemoryIdempotencyStore(),
  async () => skip(10_000),
);
idempotencyStoreSuite(
  'Redis',
  () => new RedisIdempotencyStore(redis),
  async ({ id }) => void (await redis.pexpire(`otpost:{${id}}:request:running`, 0)),
);

const newRun = () => ({ id: randomBytes(32).toString('hex'), fingerprint: 'f', owner: randomUUID() });
const ANSWER = { status: 202, headers: {}, body: {} };

describe('how long a request is known', () => {
  it('in Redis: the mark 10 s, the rest 24 h from the first run on', async () => {
    const store = new RedisIdempotencyStore(redis);
    const run = newRun();
    const [request, running] = [`otpost:{${run.id}}:request`, `otpost:{${run.id}}:request:running`];
    await store.begin(run, newSeed(new Date()));
    const [mark, kept] = await Promise.all([redis.pttl(running), redis.pttl(request)]);
    expect(mark).toBeGreaterThan(8000);
    expect(mark).toBeLessThanOrEqual(10_000);
    expect(kept).toBeGreaterThan(86_390_000);
    expect(kept).toBeLessThanOrEqual(86_400_000);
    await store.answer(run, ANSWER);
    expect(await redis.exists(running)).toBe(0);
    expect(await redis.pttl(request)).toBeLessThanOrEqual(kept);
  });

  it('in memory: 24 h, and the oldest beyond the limit are forgotten early', async () => {
    const store = new MemoryIdempotencyStore(10);
    const runs = Array.from({ length: 25 }, newRun);
    for (const run of runs) {
      await store.begin(run, newSeed(new Date()));
      await store.answer(run, ANSWER);
    }
    const last = runs.at(-1)!;
    expect(await store.begin(last, newSeed(new Date()))).toMatchObject({ kind: 'answered' });
    expect(await store.begin(runs[0]!, newSeed(new Date()))).toMatchObject({ kind: 'begun', again: false });
    skip(24 * 3600_000);
    expect(await store.begin(last, newSeed(new Date()))).toMatchObject({ kind: 'begun', again: false });
  });
});
