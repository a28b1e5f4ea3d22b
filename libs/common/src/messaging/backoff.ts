/** How an event is tried again; named, and bound from configuration. */
export interface RetryPolicy {
  /** Deliveries in all, the first included. */
  readonly maxAttempts: number;
  /** Wait before attempt 2; it doubles before each further one. With 3: 3, 6, 12, 24 s. */
  readonly backoffSeconds: number;
  /** Further declared waits, for companies that say when to come back. */
  readonly deferSeconds: readonly number[];
  /** How much longer chance may make a wait of the backoff, as a part of it: 0 to 0.5. Absent: none. */
  readonly jitter?: number;
}

/** Seconds between attempt n and attempt n + 1: `backoff(1..4, {seconds: 3}) → 3, 6, 12, 24`. */
export const backoff = (attempt: number, { seconds }: { seconds: number }): number => seconds * 2 ** (attempt - 1);

/**
 * The declared waits, in milliseconds, among which chance chooses one before attempt n + 1, ascending; none after the last
 * attempt. Chance only lengthens a wait, and only to another declared one: with a jitter of 0.2 it is 3, 3.3 or 3.6 s.
 */
export function waitsAfter({ maxAttempts, backoffSeconds, jitter = 0 }: RetryPolicy, attempt: number): number[] {
  if (attempt >= maxAttempts) return [];
  const shortest = backoff(attempt, { seconds: backoffSeconds }) * 1000;
  return [...new Set([0, 0.5, 1].map((part) => Math.round(shortest * (1 + part * jitter))))];
}

/** Milliseconds until the next attempt, or undefined when this was the last. `chance` is 0 to below 1. */
export function nextWait(policy: RetryPolicy, attempt: number, chance: number): number | undefined {
  const waits = waitsAfter(policy, attempt);
  return waits[Math.floor(chance * waits.length)];
}

/** Every wait that needs a delay queue, in milliseconds, ascending. */
export function declaredDelays(policy: RetryPolicy): number[] {
  const waits = Array.from({ length: policy.maxAttempts - 1 }, (_, n) => waitsAfter(policy, n + 1)).flat();
  const defers = policy.deferSeconds.map((seconds) => Math.round(seconds * 1000));
  return [...new Set([...waits, ...defers])].sort((a, b) => a - b);
}

/** The shortest declared delay that is not too early; the longest one where none is long enough. */
export function roundUpToDeclared(policy: RetryPolicy, waitMs: number): number | undefined {
  const delays = declaredDelays(policy);
  return delays.find((delay) => delay >= waitMs) ?? delays.at(-1);
}
