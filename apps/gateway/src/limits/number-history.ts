import { MOST_REMEMBERED, type LimitSettings } from './limits.config.js';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/**
 * What one number did in the last 24 hours, over all its verifications, whoever asked for them: what its limits look at.
 * Times are epoch milliseconds, the earliest first.
 *
 * `number-script.ts` says the same in Lua, and one suite holds both to it.
 */
export interface NumberHistory {
  /** When texts were asked for: they count when submitted, delivered or not. At most the last 100. */
  readonly texts: readonly number[];
  /** When checks failed. At most the last 100. */
  readonly failedChecks: readonly number[];
  /** The last approval; 0 where there was none. */
  readonly approvedAt: number;
  readonly pending: readonly PendingVerification[];
}

/** A service's limits, and the cooldown that the verification was started with. */
export interface NumberLimits extends LimitSettings {
  readonly cooldownSeconds: number;
}

export interface PendingVerification {
  readonly id: string;
  readonly service: string;
  readonly expiresAt: number;
}

export const NO_HISTORY: NumberHistory = { texts: [], failedChecks: [], approvedAt: 0, pending: [] };

/** Without what no limit looks at any more. */
export function recent(history: NumberHistory, now: Date): NumberHistory {
  const dayAgo = now.getTime() - DAY_MS;
  return {
    texts: history.texts.filter((at) => at > dayAgo),
    failedChecks: history.failedChecks.filter((at) => at > dayAgo),
    approvedAt: history.approvedAt > dayAgo ? history.approvedAt : 0,
    pending: history.pending.filter(({ expiresAt }) => expiresAt > now.getTime()),
  };
}

export const noteText = (history: NumberHistory, now: Date): NumberHistory => ({
  ...history,
  texts: [...history.texts, now.getTime()].slice(-MOST_REMEMBERED),
});

export const noteFailedCheck = (history: NumberHistory, now: Date): NumberHistory => ({
  ...history,
  failedChecks: [...history.failedChecks, now.getTime()].slice(-MOST_REMEMBERED),
});

/** A verification that is pending until then; where it was already, only the time is new. */
export const notePending = (
  history: NumberHistory,
  { id, service, expiresAt }: PendingVerification,
): NumberHistory => ({
  ...history,
  pending: [...history.pending.filter((other) => other.id !== id), { id, service, expiresAt }],
});

export const noteEnd = (history: NumberHistory, id: string, approvedAt?: number): NumberHistory => ({
  ...history,
  approvedAt: approvedAt ?? history.approvedAt,
  pending: history.pending.filter((other) => other.id !== id),
});

/** With what the number did under another name. Again it changes nothing. What is pending there stays there. */
export const adopt = (history: NumberHistory, other: NumberHistory): NumberHistory => ({
  ...history,
  texts: union(history.texts, other.texts),
  failedChecks: union(history.failedChecks, other.failedChecks),
  approvedAt: Math.max(history.approvedAt, other.approvedAt),
});

/** In order, each as often as the more frequent of both lists has it: two checks may fail in one millisecond. */
function union(moments: readonly number[], more: readonly number[]): number[] {
  const left = [...moments];
  const unknown = more.filter((at) => {
    const known = left.indexOf(at);
    if (known >= 0) left.splice(known, 1);
    return known < 0;
  });
  return [...moments, ...unknown].sort((a, b) => a - b).slice(-MOST_REMEMBERED);
}

/**
 * How long the number rests after its last text. The first `cooldownFreeTexts` since the last approval leave it as it is,
 * each further one doubles it: 1, 1, 1, 2, 4, 8, 16, 32 minutes. Every `cooldownDecaySeconds` between two texts take one
 * of them off the count.
 */
export function cooldownMs({ texts, approvedAt }: NumberHistory, limits: NumberLimits): number {
  let level = 0;
  let last: number | undefined;
  for (const at of texts.filter((text) => text > approvedAt)) {
    const decayed = last === undefined ? 0 : Math.floor((at - last) / (limits.cooldownDecaySeconds * 1000));
    level = Math.max(0, level - decayed) + 1;
    last = at;
  }
  return doubled(limits.cooldownSeconds, level - limits.cooldownFreeTexts, limits.cooldownMaxSeconds) * 1000;
}

/** From this moment on a text to the number breaks none of its limits; 0: at once. */
export const nextTextAt = (history: NumberHistory, limits: NumberLimits): number =>
  Math.max(cooldownEnd(history, limits), hourEnd(history, limits), dayEnd(history, limits));

export const cooldownEnd = (history: NumberHistory, limits: NumberLimits): number =>
  history.texts.length === 0 ? 0 : history.texts.at(-1)! + cooldownMs(history, limits);

export const hourEnd = ({ texts }: NumberHistory, { numberPerHour }: LimitSettings): number =>
  quotaEnd(texts, numberPerHour, HOUR_MS);

export const dayEnd = ({ texts }: NumberHistory, { numberPerDay }: LimitSettings): number =>
  quotaEnd(texts, numberPerDay, DAY_MS);

/** When the service may have another pending verification of the number; 0: at once. */
export function pendingEnd({ pending }: NumberHistory, service: string, { numberPending }: LimitSettings): number {
  const ends = pending.filter((other) => other.service === service).map(({ expiresAt }) => expiresAt);
  if (numberPending === 0 || ends.length < numberPending) return 0;
  return ends.sort((a, b) => a - b)[ends.length - numberPending]!;
}

/** What is known of a verification whose code somebody guesses. */
export interface Guessed {
  readonly checksUsed: number;
  readonly trusted: boolean;
}

/** From this moment on a check of the verification breaks none of its number's limits; 0: at once. */
export const nextCheckAt = (history: NumberHistory, verification: Guessed, limits: LimitSettings): number =>
  Math.max(checksEnd(history, verification, limits), checkWaitEnd(history, verification, limits));

/** Trusted verifications may use a reserve that nobody else can use up. */
export const checksEnd = (
  { failedChecks }: NumberHistory,
  { trusted }: Guessed,
  { checksPerDay, checksTrusted }: LimitSettings,
): number => quotaEnd(failedChecks, trusted ? checksPerDay + checksTrusted : checksPerDay, DAY_MS);

/**
 * NIST SP 800-63B §5.2.2: the wait grows with failures, 30 s to an hour. Only for a verification with a failure of its own,
 * and never for a trusted one: a stranger's failures do not delay the owner's first guess. It doubles with the verification's
 * own failures only, so that after them a slip of the owner costs no more than the first wait.
 */
export function checkWaitEnd(
  { failedChecks, approvedAt }: NumberHistory,
  { checksUsed, trusted }: Guessed,
  { checkWaitAfter, checkWaitSeconds }: LimitSettings,
): number {
  const consecutive = failedChecks.filter((at) => at > approvedAt);
  const over = consecutive.length - checkWaitAfter;
  if (checkWaitSeconds === 0 || trusted || checksUsed === 0 || over <= 0) return 0;
  return consecutive.at(-1)! + doubled(checkWaitSeconds, Math.min(over, checksUsed) - 1, HOUR_MS / 1000) * 1000;
}

/** When the earliest of the last `quota` moments leaves the window. A quota of 0 is none. */
const quotaEnd = (moments: readonly number[], quota: number, windowMs: number): number =>
  quota === 0 || moments.length < quota ? 0 : moments[moments.length - quota]! + windowMs;

/** `seconds` doubled `times` over (not at all where that is negative), at most `max` unless `seconds` is more already. */
const doubled = (seconds: number, times: number, max: number): number =>
  times <= 0 ? seconds : Math.max(seconds, Math.min(max, seconds * 2 ** Math.min(times, 20)));
