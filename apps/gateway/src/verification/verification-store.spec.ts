import { closeRedis, createLogger, createRedis, type Redis } from '@app/common';
import fc from 'fast-check';
import { once } from 'node:events';
import {
  after,
  guess,
  newNumberHash,
  outcome,
  sampleSend,
  sampleVerification,
} from '../../../../test/gateway/samples.js';
import type { Send } from '../delivery/send.js';
import { MemoryVerificationStore } from './memory-verification-store.js';
import { RedisVerificationStore } from './redis-verification-store.js';
import type { VerificationStore } from './verification-store.js';
import { verificationStoreSuite } from './verification-store.suite.js';
import type { Verification } from './verification.js';

let redis: Redis;
beforeAll(async () => {
  redis = createRedis(process.env.REDIS_URL ?? '', createLogger('test', 'silent'));
  await once(redis, 'ready');
});
afterAll(() => closeRedis(redis));

verificationStoreSuite('memory', () => new MemoryVerificationStore());
verificationStoreSuite('Redis', () => new RedisVerificationStore(redis));

describe('the memory store', () => {
  it('forgets the oldest beyond its limit', async () => {
    const store = new MemoryVerificationStore(10);
    const all = Array.from({ length: 25 }, () => sampleVerification(sampleSend('123456')));
    for (const verification of all) await store.open(verification, 1000, after(0));
    const found = await Promise.all(all.map(({ id }) => store.find(id, after(0))));
    expect(found.map(Boolean)).toEqual([...Array<boolean>(15).fill(false), ...Array<boolean>(10).fill(true)]);
  });
});

describe('the keys in Redis', () => {
  it('all have the tag of the number, and end by themselves', async () => {
    const verification = sampleVerification(sampleSend('123456'));
    await new RedisVerificationStore(redis).open(verification, 60_000, after(0));
    const tag = verification.id.slice(4, 6);
    const keys = [
      `otpost:{${tag}}:verification:${verification.id}`,
      `otpost:{${tag}}:number:${verification.numberHash}:cooldown`,
    ];
    const [life, cooldown] = await Promise.all(keys.map((key) => redis.pttl(key)));
    expect(life).toBeGreaterThan((24 * 3600 + 290) * 1000);
    expect(life).toBeLessThanOrEqual((24 * 3600 + 300) * 1000);
    expect(cooldown).toBeGreaterThan(50_000);
  });
});

/** What callers, the worker and time may do, in any order, to two verifications of one number; mostly soon after one another. */
const step = fc.record({
  action: fc.constantFrom(
    ...['open', 'check', 'resend', 'resend', 'cancel', 'withdraw', 'cooldown'],
    ...['outcome', 'outcome', 'outcome', 'outcome', 'outcome'],
  ),
  wait: fc.constantFrom(...Array<number>(12).fill(0.5), 0, 30, 60, 60, 60, 119, 299, 86_400),
  which: fc.constantFrom(0, 0, 0, 1),
  code: fc.constantFrom('111111', '222222', '333333', '12345678'),
  event: fc.constantFrom(
    ...['sms.accepted', 'sms.rejected', 'sms.rejected', 'sms.rejected'],
    ...['sms.unknown', 'sms.expired', 'sms.delivered', 'sms.undelivered'],
  ),
  provider: fc.constantFrom('ccp', 'http'),
  attempt: fc.integer({ min: 1, max: 3 }),
  final: fc.boolean(),
  send: fc.nat(3),
});

it('memory and Redis answer every history alike', async () => {
  const property = fc.asyncProperty(step, fc.array(step, { maxLength: 25 }), async (some, steps) => {
    const first = { ...some, action: 'open', which: 0 };
    const stores: VerificationStore[] = [new MemoryVerificationStore(), new RedisVerificationStore(redis)];
    const numberHash = newNumberHash();
    const verifications: Verification[] = [0, 1].map(() =>
      sampleVerification(sampleSend('111111'), { numberHash, maxChecks: 3, maxSends: 3 }),
    );
    const sends: Send[] = verifications.flatMap((verification) => verification.sends);
    let seconds = 0;
    for (const { action, wait, which, code, event, send, ...details } of [first, ...steps]) {
      seconds += wait;
      const now = after(seconds);
      const verification = verifications[which]!;
      const { id } = verification;
      const fresh = sampleSend(code, now, 120);
      if (action === 'resend') sends.push(fresh);
      const known = sends[send % sends.length]!;
      const answers = await Promise.all(
        stores.map(async (store) => {
          if (action === 'open') return store.open(verification, 60_000, now);
          if (action === 'check') return store.check(id, guess(code), now);
          if (action === 'resend') return store.resend(verification, fresh, 60_000, now);
          if (action === 'cancel') return store.cancel(id, now);
          if (action === 'withdraw') return store.withdraw(verification, known.messageId, now);
          if (action === 'outcome') return store.noteOutcome(id, outcome(event, known, details), now);
          return store.cooldownEnd(numberHash, now);
        }),
      );
      expect(answers[1]).toEqual(answers[0]);
      const [inMemory, inRedis] = await Promise.all(stores.map((store) => store.find(id, now)));
      expect(inRedis).toEqual(inMemory);
    }
  });
  await fc.assert(property, { numRuns: 200 });
});
