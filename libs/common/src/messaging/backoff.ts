/** How an event is tried again; named, and bound from configuration. */
export interface RetryPolicy {
  /** Deliveries in all, the first included. */
  readonly maxAttempts: number;
  /** Wait before attempt 2; it doubles before each further one. With 3: 3, 6, 12, 24 s. */
  readonly backoffSeconds: number;
  /** Further declared waits, for companies that say when to come back. */
  readonly deferSeconds: readonly number[];
}

/** Seconds between attempt n and attempt n + 1: `backoff(1..4, {seconds: 3}) → 3, 6, 12, 24`. */
export const backoff = (attempt: number, { seconds }: { seconds: number }): number => seconds * 2 ** (attempt - 1);

/** Milliseconds until the next attempt, or undefined when this was the last. */
export const nextWait = (policy: RetryPolicy, attempt: number): number | undefined =>
  attempt >= policy.maxAttempts ? undefined : backoff(attempt, { seconds: policy.backoffSeconds }) * 1000;

/** Every wait that needs a delay queue, in milliseconds, ascending. */
export function declaredDelays(policy: RetryPolicy): number[] {
  const waits = Array.from({ length: policy.maxAttempts - 1 }, (_, n) =>
    backoff(n + 1, { seconds: policy.backoffSeconds }),
  );
  return [...new Set([...waits, ...policy.deferSeconds])]
    .map((seconds) => Math.round(seconds * 1000))
    .sort((a, b) => a - b);
}

/** The shortest declared delay that is not too early; the longest one where none is long enough. */
export function roundUpToDeclared(policy: RetryPolicy, waitMs: number): number | undefined {
  const delays = declaredDelays(policy);
  return delays.find((delay) => delay >= waitMs) ?? delays.at(-1);
}
