import type { Taken, Claim } from './counters.js';
import type { LimitSettings } from './limits.config.js';
import {
  checksEnd,
  checkWaitEnd,
  cooldownEnd,
  cooldownMs,
  dayEnd,
  DAY_MS,
  hourEnd,
  HOUR_MS,
  pendingEnd,
  type Guessed,
  type NumberHistory,
  type NumberLimits,
} from './number-history.js';

/** How one limit stands for the caller after a request. */
export interface Quota {
  readonly policy: string;
  readonly quota: number;
  readonly seconds: number;
  readonly remaining: number;
  /** When more is left than now, epoch milliseconds; 0 where nothing is used. */
  readonly resetsAt: number;
}

/** A limit that refused, and the moment from which on it does not. */
export interface Violation {
  readonly policy: string;
  readonly endsAt: number;
}

export const quotasOf = ({ windows }: Claim, { counts }: Taken): Quota[] =>
  windows.map((window, n) => ({
    ...window,
    remaining: Math.max(0, window.quota - counts[n]!.used),
    resetsAt: counts[n]!.resetsAt,
  }));

/** Of a claim that was refused. */
export const violationsOf = (claim: Claim, taken: Taken): Violation[] =>
  taken.taken
    ? []
    : quotasOf(claim, taken)
        .filter(({ remaining }) => remaining === 0)
        .map(({ policy, resetsAt }) => ({ policy, endsAt: resetsAt }));

/** Of those with one policy, counted under several names, the one that allows least. */
export const strictest = (quotas: readonly Quota[]): Quota[] =>
  onePerPolicy(quotas, (a, b) => a.remaining - b.remaining || b.resetsAt - a.resetsAt);

/** Likewise, the one that lasts longest. */
export const longest = (violations: readonly Violation[]): Violation[] =>
  onePerPolicy(violations, (a, b) => b.endsAt - a.endsAt);

function onePerPolicy<T extends { readonly policy: string }>(all: readonly T[], order: (a: T, b: T) => number): T[] {
  const first = new Map<string, T>();
  for (const one of all) {
    const known = first.get(one.policy);
    if (!known || order(one, known) < 0) first.set(one.policy, one);
  }
  return [...first.values()];
}

/** The number's own, as they stand now. The cooldown's window is as long as the cooldown has become. */
export function numberQuotas(history: NumberHistory, limits: NumberLimits, now: Date): Quota[] {
  const { texts } = history;
  const rests = now.getTime() < cooldownEnd(history, limits);
  const within = (windowMs: number) => texts.filter((at) => at > now.getTime() - windowMs);
  const rolling = (policy: string, quota: number, windowMs: number, endsAt: number): Quota => {
    const used = within(windowMs);
    const oldest = used[0] === undefined ? 0 : used[0] + windowMs;
    const remaining = Math.max(0, quota - used.length);
    return { policy, quota, seconds: windowMs / 1000, remaining, resetsAt: remaining > 0 ? oldest : endsAt };
  };
  return [
    {
      policy: 'number-cooldown',
      quota: 1,
      seconds: Math.ceil(cooldownMs(history, limits) / 1000),
      remaining: rests ? 0 : 1,
      resetsAt: rests ? cooldownEnd(history, limits) : 0,
    },
    rolling('number-hour', limits.numberPerHour, HOUR_MS, hourEnd(history, limits)),
    rolling('number-day', limits.numberPerDay, DAY_MS, dayEnd(history, limits)),
  ].filter(({ quota }) => quota > 0);
}

/** What of the number's limits refuses a text now; `service` where it would be a further verification of that service. */
export const numberViolations = (
  history: NumberHistory,
  limits: NumberLimits,
  now: Date,
  service?: string,
): Violation[] =>
  [
    { policy: 'number-cooldown', endsAt: cooldownEnd(history, limits) },
    { policy: 'number-hour', endsAt: hourEnd(history, limits) },
    { policy: 'number-day', endsAt: dayEnd(history, limits) },
    { policy: 'number-pending', endsAt: service === undefined ? 0 : pendingEnd(history, service, limits) },
  ].filter(({ endsAt }) => now.getTime() < endsAt);

/** What of the number's limits refuses a check of the verification now. */
export const checkViolations = (
  history: NumberHistory,
  verification: Guessed,
  limits: LimitSettings,
  now: Date,
): Violation[] =>
  [
    { policy: 'checks-day', endsAt: checksEnd(history, verification, limits) },
    { policy: 'check-wait', endsAt: checkWaitEnd(history, verification, limits) },
  ].filter(({ endsAt }) => now.getTime() < endsAt);
