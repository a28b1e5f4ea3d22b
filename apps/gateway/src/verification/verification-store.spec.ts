import type { Redis } from '@app/common';
import fc from 'fast-check';
import {
  after,
  guess,
  newNumberHash,
  outcome,
  sampleSend,
  sampleVerification,
  textOf,
} from '../../../../test/gateway/samples.js';
import { connectedRedis, memoryStores, redisStores } from '../../../../test/gateway/stores.js';
import { LimitSettings, overrideLimits } from '../limits/limits.config.js';
import type { Send } from '../delivery/send.js';
import { verificationStoreSuite } from './verification-store.suite.js';
import type { Verification } from './verification.js';

let redis: Redis;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ redis, close } = await connectedRedis());
});
afterAll(() => close());

verificationStoreSuite('memory', () => memoryStores().verifications);
verificationStoreSuite('Redis', () => redisStores(redis).verifications);

describe('the memory store', () => {
  it('forgets the oldest beyond its limit', async () => {
    const store = memoryStores(1000, 10).verifications;
    const all = Array.from({ length: 25 }, () => sampleVerification(sampleSend('123456')));
    for (const verification of all)
      await store.open(
        verification,
        textOf(verification, verification.sends[0]!),
        { ...new LimitSettings(), cooldownSeconds: 60 },
        after(0),
      );
    const found = await Promise.all(all.map(({ id }) => store.find(id, after(0))));
    expect(found.map(Boolean)).toEqual([...Array<boolean>(15).fill(false), ...Array<boolean>(10).fill(true)]);
  });
});

describe('the keys in Redis', () => {
  it('all have the tag of the number, and end by themselves', async () => {
    const send = sampleSend('123456');
    const verification = sampleVerification(send);
    await redisStores(redis).verifications.open(
      verification,
      textOf(verification, send),
      { ...new LimitSettings(), cooldownSeconds: 60 },
      after(0),
    );
    const tag = verification.id.slice(4, 6);
    const keys = [
      `otpost:{${tag}}:verification:${verification.id}`,
      `otpost:{${tag}}:number:${verification.numberHash}`,
    ];
    const indexes = [
      `otpost:{${tag}}:service:default`,
      `otpost:{${tag}}:number:${verification.numberHash}:verifications`,
    ];
    for (const index of indexes) {
      expect(await redis.zscore(index, verification.id)).toBe(String(verification.createdAt));
      expect(await redis.pttl(index)).toBeGreaterThan((24 * 3600 + 5990) * 1000);
      expect(await redis.pttl(index)).toBeLessThanOrEqual((24 * 3600 + 6000) * 1000);
    }
    const [life, history] = await Promise.all(keys.map((key) => redis.pttl(key)));
    expect(life).toBeGreaterThan((24 * 3600 + 290) * 1000);
    expect(life).toBeLessThanOrEqual((24 * 3600 + 300) * 1000);
    expect(history).toBeGreaterThan((24 * 3600 - 10) * 1000);
    expect(history).toBeLessThanOrEqual(24 * 3600 * 1000);
  });
});

it('what no verification of its age is kept for leaves the indexes in Redis, ten with each start', async () => {
  await redis.flushdb();
  const store = redisStores(redis).verifications;
  const numberHash = newNumberHash();
  const open = async (seconds: number) => {
    const send = sampleSend('123456', after(seconds));
    const verification = sampleVerification(send, { numberHash });
    const limits = { ...new LimitSettings(), cooldownSeconds: 1, cooldownFreeTexts: 100 };
    const roomy = { ...limits, numberPerHour: 0, numberPerDay: 0, numberPending: 0 };
    expect(await store.open(verification, textOf(verification, send), roomy, after(seconds))).toMatchObject({
      kind: 'opened',
    });
  };
  for (let n = 0; n < 25; n++) await open(n);
  const indexes = await redis.keys('otpost:*');
  const sizes = () =>
    Promise.all(indexes.filter((key) => /service|:verifications$/.test(key)).map((key) => redis.zcard(key)));
  expect(await sizes()).toEqual([25, 25]);
  await open(24 * 3600 + 6000 + 12);
  expect(await sizes()).toEqual([16, 16]);
  await open(24 * 3600 + 6000 + 13);
  expect(await sizes()).toEqual([13, 13]);
});

/**
 * What callers, the worker, relays and time may do, in any order, to three verifications of one number; mostly soon after
 * one another. A tag's outbox holds three texts here.
 */
const step = fc.record({
  action: fc.constantFrom(
    ...[
      'open',
      'check',
      'checkByNumber',
      'checkByNumber',
      'resend',
      'resend',
      'cancel',
      'history',
      'adopt',
      'list',
      'erase',
      'look',
      'take',
      'take',
      'release',
      'remove',
    ],
    ...['outcome', 'outcome', 'outcome', 'outcome', 'outcome'],
  ),
  wait: fc.constantFrom(...Array<number>(12).fill(0.5), 0, 30, 60, 60, 60, 119, 299, 86_400),
  which: fc.constantFrom(0, 0, 0, 1, 2),
  code: fc.constantFrom('111111', '222222', '333333', '12345678'),
  keyId: fc.constantFrom('h1', 'h1', 'h1', 'h2'),
  event: fc.constantFrom(
    ...['sms.accepted', 'sms.rejected', 'sms.rejected', 'sms.rejected'],
    ...['sms.unknown', 'sms.expired', 'sms.delivered', 'sms.undelivered'],
  ),
  provider: fc.constantFrom('ccp', 'http'),
  attempt: fc.integer({ min: 1, max: 3 }),
  final: fc.boolean(),
  send: fc.nat(3),
  dueIn: fc.constantFrom(0, 3),
  relay: fc.constantFrom('relay-1', 'relay-2'),
});
/** Small ones, so that a short history meets them. */
const limitsOf = fc
  .record({
    cooldownSeconds: fc.constantFrom(1, 60),
    cooldownFreeTexts: fc.integer({ min: 1, max: 3 }),
    cooldownMaxSeconds: fc.constantFrom(60, 300, 1920),
    cooldownDecaySeconds: fc.constantFrom(60, 600, 3600),
    numberPerHour: fc.integer({ min: 0, max: 4 }),
    numberPerDay: fc.integer({ min: 0, max: 6 }),
    numberPending: fc.integer({ min: 0, max: 3 }),
    checksPerDay: fc.integer({ min: 1, max: 5 }),
    checksTrusted: fc.integer({ min: 0, max: 2 }),
    checkWaitAfter: fc.integer({ min: 1, max: 3 }),
    checkWaitSeconds: fc.constantFrom(0, 30),
  })
  .map(({ cooldownSeconds, ...limits }) => ({ ...overrideLimits(new LimitSettings(), limits), cooldownSeconds }));
/** As a gateway does that has this key. */
const typed = (code: string, keyId: string) => ({ ...guess(code), hashes: { [keyId]: guess(code).hashes.h1 } });
const LEASE_MS = 3_600_000;

it('memory and Redis answer every history alike, and no text is lost or kept too long', async () => {
  const property = fc.asyncProperty(step, fc.array(step, { maxLength: 25 }), limitsOf, async (some, steps, limits) => {
    await redis.flushdb();
    const first = { ...some, action: 'open', which: 0 };
    const both = [memoryStores(3), redisStores(redis, 3)];
    const numberHash = newNumberHash();
    const verifications: Verification[] = ['default', 'shop', 'shop'].map((service, n) =>
      sampleVerification(sampleSend('111111'), { numberHash, service, trusted: n === 2, maxChecks: 3, maxSends: 3 }),
    );
    /** Those too that another has taken the place of: a code may still be theirs. */
    const everyone = [...verifications];
    const tag = verifications[0]!.id.slice(4, 6);
    const sends: Send[] = verifications.flatMap((verification) => verification.sends);
    /** The texts that somebody still waits for, with the verification of each. */
    const waiting = new Map<string, string>();
    let seconds = 0;
    for (const { action, wait, which, code, keyId, event, send, dueIn, relay, final, ...details } of [
      first,
      ...steps,
    ]) {
      seconds += wait;
      const now = after(seconds);
      if (action === 'open') {
        const text = { ...sampleSend('111111', now), codeKeyId: keyId };
        const { service, trusted } = verifications[which]!;
        verifications[which] = sampleVerification(text, { numberHash, service, trusted, maxChecks: 3, maxSends: 3 });
        everyone.push(verifications[which]);
        sends.push(text);
      }
      const verification = verifications[which]!;
      const { id } = verification;
      const fresh = { ...sampleSend(code, now, 120), codeKeyId: keyId };
      if (action === 'resend') sends.push(fresh);
      const known = sends[send % sends.length]!;
      const dueAt = now.getTime() + dueIn * 1000;
      const erased: string[] = [];
      for (const [messageId, its] of action === 'erase' ? waiting : []) {
        const one = await both[0]!.verifications.find(its, now);
        if (one && (!final || one.service === verification.service)) erased.push(messageId);
      }
      const answers = await Promise.all(
        both.map(async ({ verifications: store, outbox }) => {
          if (action === 'open')
            return store.open(verification, textOf(verification, verification.sends[0]!, dueAt), limits, now);
          if (action === 'check')
            return store.check(id, { ...typed(code, keyId), service: verification.service }, limits, now);
          if (action === 'checkByNumber') {
            const { service, purpose } = verification;
            const its = { service, purpose, length: code.length, hashesOf: () => typed(code, keyId).hashes };
            return store.checkByNumber(numberHash, its, limits, now);
          }
          if (action === 'adopt') {
            const moments = [30_000, 60_000, 60_000].slice(0, send).map((ms) => now.getTime() - ms);
            const approvedAt = final ? now.getTime() - 45_000 : 0;
            const elsewhere = { texts: moments.slice(0, 1), failedChecks: moments, approvedAt, pending: [] };
            return store.adopt(numberHash, elsewhere, now);
          }
          if (action === 'resend')
            return store.resend(verification, fresh, textOf(verification, fresh, dueAt), limits, now);
          if (action === 'cancel') return store.cancel(id, verification.service, now);
          if (action === 'outcome') return store.noteOutcome(id, outcome(event, known, { ...details, final }), now);
          if (action === 'list') {
            const filter = { service: verification.service, ...(final && { numberHash }) };
            return store.list(filter, { limit: 200 }, now);
          }
          if (action === 'erase') return store.erase(numberHash, final ? verification.service : undefined, now);
          if (action === 'look') return outbox.look(now);
          if (action === 'take') return outbox.take(tag, { owner: relay, ms: LEASE_MS }, 2, now);
          if (action === 'release') return outbox.release(tag, relay);
          if (action === 'remove') return outbox.remove(tag, [known.messageId]);
          return store.history(numberHash, now);
        }),
      );
      expect(answers[1]).toEqual(answers[0]);
      const [inMemory, inRedis] = await Promise.all(
        both.map(({ verifications: store }) => Promise.all(everyone.map((one) => store.find(one.id, now)))),
      );
      expect(inRedis).toEqual(inMemory);

      const kind = (answers[0] as { kind?: string } | undefined)?.kind;
      if (kind === 'opened') waiting.set(verification.sends[0]!.messageId, id);
      if (kind === 'resent') waiting.set(fresh.messageId, id);
      if (action === 'remove') waiting.delete(known.messageId);
      for (const messageId of erased) waiting.delete(messageId);
      // What a check by number ends may be none of the three any more.
      for (const [messageId, its] of waiting) {
        const status = (await both[0]!.verifications.find(its, now))?.status;
        if (status !== undefined && status !== 'pending') waiting.delete(messageId);
      }
    }
    for (const { outbox } of both) {
      await Promise.all(['relay-1', 'relay-2'].map((relay) => outbox.release(tag, relay)));
      const left = await outbox.take(tag, { owner: 'relay-3', ms: LEASE_MS }, 100, after(seconds + 3));
      expect(new Set(left?.map((entry) => entry.event.messageId))).toEqual(new Set(waiting.keys()));
    }
  });
  await fc.assert(property, { numRuns: 300 });
}, 60_000);
