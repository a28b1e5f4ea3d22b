import { randomInt } from 'node:crypto';
import { nextWait, roundUpToDeclared, type RetryPolicy } from './backoff.js';
import type { DeadLetterDetails, HandlerResult, Retry } from './handler-result.js';

/** What the server does with a delivery. */
export type Settlement =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly delayMs: number; readonly reason: string; readonly next: DeliveryCount }
  | ({ readonly kind: 'dead'; readonly reason: string } & DeadLetterDetails)
  | { readonly kind: 'park'; readonly reason: string };

/** Counted in our own headers: what a broker counts differs between versions. */
export interface DeliveryCount {
  /** `x-attempt`, from 1. */
  readonly attempt: number;
  /** `x-deferrals`: waits that used up no attempt. */
  readonly deferrals: number;
}

/** A wait that uses up no attempt is granted this often; after that it counts like any other. */
export const MAX_DEFERRALS = 20;

/** Applies the policy to what the handler decided. */
export function settle(result: HandlerResult, policy: RetryPolicy, count: DeliveryCount): Settlement {
  return result.kind === 'retry' ? settleRetry(result, policy, count) : result;
}

function settleRetry(decision: Retry, policy: RetryPolicy, count: DeliveryCount): Settlement {
  const { reason, afterMs } = decision;
  if (afterMs !== undefined && count.deferrals < MAX_DEFERRALS) {
    const delayMs = roundUpToDeclared(policy, afterMs);
    if (delayMs !== undefined)
      return { kind: 'retry', delayMs, reason, next: { ...count, deferrals: count.deferrals + 1 } };
  }
  const wait = nextWait(policy, count.attempt, chanceOf(decision));
  if (wait === undefined) return { kind: 'dead', reason: `attempts used up: ${reason}`, errorClass: 'RETRYABLE' };
  const delayMs = afterMs === undefined ? wait : (roundUpToDeclared(policy, afterMs) ?? wait);
  return { kind: 'retry', delayMs, reason, next: { ...count, attempt: count.attempt + 1 } };
}

const chances = new WeakMap<Retry, number>();
const FINEST = 2 ** 32;

/**
 * Drawn once for a decision: a handler that settles its own, to tell when the next attempt is due, tells the wait that the
 * server then takes.
 */
function chanceOf(decision: Retry): number {
  const chance = chances.get(decision) ?? randomInt(FINEST) / FINEST;
  chances.set(decision, chance);
  return chance;
}
