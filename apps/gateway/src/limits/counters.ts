import type { Window } from './rolling-count.js';

/** What is counted together: one subject, such as one address, and the windows it is counted in. */
export interface Claim {
  /** Names the counters; holds nothing that can be read back to a person. */
  readonly subject: string;
  readonly windows: readonly Window[];
}

/** How one window stands. */
export interface Count {
  readonly used: number;
  /** See `resetsAt`. */
  readonly resetsAt: number;
}

export interface Taken {
  /** False: a quota was used up, and nothing was counted in any window of the claim. */
  readonly taken: boolean;
  /** In the order of the claim's windows, what was taken included. */
  readonly counts: readonly Count[];
}

/**
 * Rolling counts of many subjects. Each method is one atomic step: of any number of callers at once, in any number of
 * processes, no more get one than the quotas allow. `now` is the caller's clock. All but the memory counters may throw
 * RedisUnavailableError, after which one may or may not be counted.
 *
 * Chosen by REDIS_URL: with it `RedisCounters`, in standalone `MemoryCounters`.
 */
export interface Counters {
  /** Counts one in all windows of the claim, or in none. */
  take(claim: Claim, now: Date): Promise<Taken>;

  /** Takes back what was counted at these moments. What is forgotten already is no mistake. */
  release(claim: Claim, at: readonly number[]): Promise<void>;
}

export const Counters = Symbol('Counters');
