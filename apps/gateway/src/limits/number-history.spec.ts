import fc from 'fast-check';
import { after, NOON } from '../../../../test/gateway/samples.js';
import { LimitSettings, LimitsError, overrideLimits } from './limits.config.js';
import {
  cooldownMs,
  nextCheckAt,
  nextTextAt,
  NO_HISTORY,
  noteFailedCheck,
  noteText,
  pendingEnd,
  recent,
  type NumberHistory,
} from './number-history.js';
import { checkViolations, numberQuotas, numberViolations } from './quota.js';

const LIMITS = { ...new LimitSettings(), cooldownSeconds: 60 };
const at = (...seconds: number[]) => seconds.map((second) => after(second).getTime());
const texted = (...seconds: number[]): NumberHistory => ({ ...NO_HISTORY, texts: at(...seconds) });

describe('S48 the cooldown of a number', () => {
  it('stays a minute for three texts, then doubles to half an hour', () => {
    const unlimited = { ...LIMITS, numberPerHour: 0, numberPerDay: 0 };
    let history = NO_HISTORY;
    const minutes = [];
    for (let n = 0; n < 10; n++) {
      const next = new Date(Math.max(NOON.getTime(), nextTextAt(history, unlimited)));
      history = noteText(history, next);
      minutes.push(cooldownMs(history, unlimited) / 60_000);
    }
    expect(minutes).toEqual([1, 1, 1, 2, 4, 8, 16, 32, 32, 32]);
  });

  it.each([
    ['an hour without a text takes one step back', texted(0, 60, 120, 180, 180 + 3600), 2],
    ['a day takes all', texted(0, 60, 120, 180, 86_000), 1],
    ['an approval begins anew', { ...texted(0, 60, 120, 180, 300), approvedAt: after(200).getTime() }, 1],
    ['a text at the moment of the approval came before it', { ...texted(0), approvedAt: NOON.getTime() }, 1],
  ])('%s', (_what, history, minutes) => {
    expect(cooldownMs(history, LIMITS)).toBe(minutes * 60_000);
  });
});

describe('S31 the texts of a number', () => {
  it.each([
    ['one a minute', texted(0), 60],
    ['five an hour', texted(0, 600, 1200, 1800, 2400), 3600],
    ['ten a day', texted(...Array.from({ length: 10 }, (_, n) => n * 7200)), 86_400],
    ['none yet', NO_HISTORY, NOON.getTime() / -1000],
  ])('%s', (_what, history, second) => {
    expect(nextTextAt(history, LIMITS)).toBe(second < 0 ? 0 : after(second).getTime());
  });

  it('are told as quotas', () => {
    expect(numberQuotas(texted(0, 60), LIMITS, after(61))).toEqual([
      { policy: 'number-cooldown', quota: 1, seconds: 60, remaining: 0, resetsAt: after(120).getTime() },
      { policy: 'number-hour', quota: 5, seconds: 3600, remaining: 3, resetsAt: after(3600).getTime() },
      { policy: 'number-day', quota: 10, seconds: 86_400, remaining: 8, resetsAt: after(86_400).getTime() },
    ]);
    expect(numberQuotas(NO_HISTORY, { ...LIMITS, numberPerDay: 0 }, NOON)).toEqual([
      { policy: 'number-cooldown', quota: 1, seconds: 60, remaining: 1, resetsAt: 0 },
      { policy: 'number-hour', quota: 5, seconds: 3600, remaining: 5, resetsAt: 0 },
    ]);
  });
});

describe('pending verifications', () => {
  const pending = [30, 10, 20].map((second, n) => ({
    id: `vrf_${n}`,
    service: n === 1 ? 'bank' : 'shop',
    expiresAt: after(second).getTime(),
  }));
  it.each([
    ['shop', 2, 20],
    ['shop', 1, 30],
    ['bank', 1, 10],
  ])('of %s, at most %i: the next at second %i', (service, numberPending, second) => {
    expect(pendingEnd({ ...NO_HISTORY, pending }, service, { ...LIMITS, numberPending })).toBe(after(second).getTime());
  });
  it.each([
    ['shop', 3],
    ['shop', 0],
    ['other', 1],
  ])('of %s, at most %i: at once', (service, numberPending) => {
    expect(pendingEnd({ ...NO_HISTORY, pending }, service, { ...LIMITS, numberPending })).toBe(0);
  });
});

describe('failed checks of a number', () => {
  const failed = (count: number, more: Partial<NumberHistory> = {}): NumberHistory => ({
    ...NO_HISTORY,
    failedChecks: at(...Array.from({ length: count }, (_, n) => n)),
    ...more,
  });
  const GUESSED = { checksUsed: 1, trusted: false };

  it('S11 make each guess after the fifth wait twice as long, 30 s to an hour', () => {
    const waits = [5, 6, 7, 8, 9, 10, 11, 12, 13, 14].map((count) => {
      const ends = nextCheckAt(failed(count), { ...GUESSED, checksUsed: count }, { ...LIMITS, checksPerDay: 70 });
      return ends === 0 ? 0 : (ends - after(count - 1).getTime()) / 1000;
    });
    expect(waits).toEqual([0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
  });

  it("S56 of others do not lengthen the wait after a verification's own", () => {
    const waits = [1, 2, 3].map((checksUsed) => nextCheckAt(failed(15), { ...GUESSED, checksUsed }, LIMITS));
    expect(waits).toEqual([30, 60, 120].map((seconds) => after(14 + seconds).getTime()));
  });

  it.each([
    ['the first guess at a verification', failed(10), { checksUsed: 0, trusted: false }],
    ['a trusted verification', failed(10), { checksUsed: 1, trusted: true }],
    ['a number that was approved since', failed(10, { approvedAt: after(9).getTime() }), GUESSED],
  ])('S56 do not delay %s', (_what, history, guessed) => {
    expect(nextCheckAt(history, guessed, LIMITS)).toBe(0);
  });

  it('S6 are twenty a day, and ten more for trusted verifications', () => {
    const first = { checksUsed: 0, trusted: false };
    expect(nextCheckAt(failed(19), first, LIMITS)).toBe(0);
    expect(nextCheckAt(failed(20), first, LIMITS)).toBe(after(86_400).getTime());
    expect(nextCheckAt(failed(29), { ...first, trusted: true }, LIMITS)).toBe(0);
    expect(nextCheckAt(failed(30), { ...first, trusted: true }, LIMITS)).toBe(after(86_400).getTime());
    expect(nextCheckAt(failed(25), first, LIMITS)).toBe(after(86_405).getTime());
  });
});

it('S46 in any history the moment that is named is the first at which nothing refuses', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 5_000_000 }), { maxLength: 30 });
  const guessed = fc.record({ checksUsed: fc.nat(4), trusted: fc.boolean() });
  const property = fc.property(gaps, fc.boolean(), guessed, (waits, checks, verification) => {
    let now = NOON.getTime();
    let history = NO_HISTORY;
    for (const wait of waits) {
      now += wait;
      history = recent(history, new Date(now));
      const next = checks ? nextCheckAt(history, verification, LIMITS) : nextTextAt(history, LIMITS);
      const refusing = (moment: number) => {
        const then = recent(history, new Date(moment));
        return checks
          ? checkViolations(then, verification, LIMITS, new Date(moment))
          : numberViolations(then, LIMITS, new Date(moment));
      };
      if (next > now) {
        expect(refusing(next - 1)).not.toEqual([]);
        expect(Math.max(...refusing(now).map(({ endsAt }) => endsAt))).toBe(next);
        now = next;
      }
      expect(refusing(now)).toEqual([]);
      history = (checks ? noteFailedCheck : noteText)(recent(history, new Date(now)), new Date(now));
    }
  });
  fc.assert(property, { numRuns: 300 });
});

describe("a service's own limits", () => {
  const base = new LimitSettings();
  it('take the place of the common ones', () => {
    const limits = overrideLimits(base, { numberPerHour: 3, countries: ['CN', '+881'] });
    expect(limits).toEqual({ ...base, numberPerHour: 3, countries: ['CN', '+881'] });
    expect(base.numberPerHour).toBe(5);
  });
  it.each([
    [{ numberPerHour: 101 }, /numberPerHour/],
    [{ numberPerHour: '3' }, /numberPerHour/],
    [{ ipPerDay: -1 }, /ipPerDay/],
    [{ checksPerDay: 0 }, /checksPerDay/],
    [{ checksPerDay: 71 }, /checksPerDay/],
    [{ countries: ['China'] }, /countries/],
    [{ perMonth: 1 }, /perMonth: is no limit/],
  ])('%j is refused', (override, why) => {
    expect(() => overrideLimits(base, override)).toThrow(LimitsError);
    expect(() => overrideLimits(base, override)).toThrow(why);
  });
});
