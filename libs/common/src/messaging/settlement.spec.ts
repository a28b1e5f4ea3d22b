import fc from 'fast-check';
import { backoff, declaredDelays, nextWait, roundUpToDeclared, waitsAfter, type RetryPolicy } from './backoff.js';
import { dead, done, park, retry, type HandlerResult } from './handler-result.js';
import { MAX_DEFERRALS, settle } from './settlement.js';

const POLICY: RetryPolicy = { maxAttempts: 4, backoffSeconds: 3, deferSeconds: [30, 60] };

describe('backoff', () => {
  it('doubles: 3, 6, 12, 24 s', () => {
    expect([1, 2, 3, 4].map((attempt) => backoff(attempt, { seconds: 3 }))).toEqual([3, 6, 12, 24]);
  });

  it('maxAttempts counts deliveries: 4 attempts have 3 waits', () => {
    expect([1, 2, 3, 4].map((attempt) => nextWait(POLICY, attempt, 0.99))).toEqual([3000, 6000, 12000, undefined]);
    expect(declaredDelays(POLICY)).toEqual([3000, 6000, 12000, 30000, 60000]);
    expect(declaredDelays({ maxAttempts: 1, backoffSeconds: 3, deferSeconds: [] })).toEqual([]);
  });

  it.each([
    [0, 3000],
    [3000, 3000],
    [3001, 6000],
    [45_000, 60_000],
    [3_600_000, 60_000],
  ])('a wait of %i ms takes the declared delay of %i ms', (wait, delay) =>
    expect(roundUpToDeclared(POLICY, wait)).toBe(delay),
  );
});

describe('jitter', () => {
  const JITTERED = { ...POLICY, jitter: 0.2 };

  it('chooses among declared waits that are never shorter than the backoff', () => {
    expect([1, 2, 3, 4].map((attempt) => waitsAfter(JITTERED, attempt))).toEqual([
      [3000, 3300, 3600],
      [6000, 6600, 7200],
      [12000, 13200, 14400],
      [],
    ]);
    expect(declaredDelays(JITTERED)).toEqual([3000, 3300, 3600, 6000, 6600, 7200, 12000, 13200, 14400, 30000, 60000]);
    expect([0, 0.34, 0.67, 0.999].map((chance) => nextWait(JITTERED, 1, chance))).toEqual([3000, 3300, 3600, 3600]);
  });

  it('is none where the policy names none: 3, 6, 12 s to the millisecond', () => {
    expect([1, 2, 3].map((attempt) => waitsAfter({ ...POLICY, jitter: 0 }, attempt))).toEqual([
      [3000],
      [6000],
      [12000],
    ]);
    expect(declaredDelays({ ...POLICY, jitter: 0 })).toEqual(declaredDelays(POLICY));
  });

  it('every wait that it can choose is declared, and within its bounds', () => {
    const anyPolicy = fc.record({
      maxAttempts: fc.integer({ min: 1, max: 10 }),
      backoffSeconds: fc.double({ min: 0.1, max: 300, noNaN: true }),
      deferSeconds: fc.constant([30]),
      jitter: fc.double({ min: 0, max: 0.5, noNaN: true }),
    });
    const anyChance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(anyPolicy, anyChance, fc.integer({ min: 1, max: 10 }), (policy, chance, attempt) => {
        const wait = nextWait(policy, attempt, chance);
        const shortest = backoff(attempt, { seconds: policy.backoffSeconds }) * 1000;
        if (attempt >= policy.maxAttempts) return expect(wait).toBeUndefined();
        expect(declaredDelays(policy)).toContain(wait);
        expect(wait).toBeGreaterThanOrEqual(Math.round(shortest));
        expect(wait).toBeLessThanOrEqual(Math.round(shortest * (1 + policy.jitter)));
      }),
    );
  });

  it('is drawn anew for each decision, and once for one', () => {
    const waitOf = (decision: HandlerResult) => {
      const settlement = settle(decision, JITTERED, { attempt: 1, deferrals: 0 });
      return settlement.kind === 'retry' ? settlement.delayMs : undefined;
    };
    const decisions = Array.from({ length: 300 }, () => retry('busy'));

    const waits = decisions.map(waitOf);

    expect([...new Set(waits)].sort()).toEqual([3000, 3300, 3600]);
    expect(decisions.map(waitOf)).toEqual(waits);
  });
});

describe('settlement', () => {
  const first = { attempt: 1, deferrals: 0 };

  it.each([
    ['done stays done', done(), { kind: 'done' }],
    ['dead stays dead', dead('no'), { kind: 'dead', reason: 'no' }],
    ['park stays parked', park('odd'), { kind: 'park', reason: 'odd' }],
    [
      'retry takes the backoff and an attempt',
      retry('busy'),
      { kind: 'retry', delayMs: 3000, reason: 'busy', next: { attempt: 2, deferrals: 0 } },
    ],
    [
      'a wait asked for takes no attempt',
      retry('later', 20_000),
      { kind: 'retry', delayMs: 30_000, reason: 'later', next: { attempt: 1, deferrals: 1 } },
    ],
  ])('%s', (_what, result, settlement) => expect(settle(result, POLICY, first)).toEqual(settlement));

  it('the last attempt is dead with its reason', () => {
    expect(settle(retry('busy'), POLICY, { attempt: 4, deferrals: 2 })).toEqual({
      kind: 'dead',
      reason: 'attempts used up: busy',
      errorClass: 'RETRYABLE',
    });
  });

  it('whatever a handler answers, every message comes to an end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.nat(100_000), { nil: undefined }), { minLength: 60, maxLength: 60 }),
        (waits) => {
          let count = first;
          let deliveries = 0;
          for (const afterMs of waits) {
            deliveries++;
            const settlement = settle(retry('busy', afterMs), POLICY, count);
            if (settlement.kind !== 'retry') break;
            expect(declaredDelays(POLICY)).toContain(settlement.delayMs);
            count = settlement.next;
          }
          expect(deliveries).toBeLessThanOrEqual(POLICY.maxAttempts + MAX_DEFERRALS);
        },
      ),
    );
  });
});
