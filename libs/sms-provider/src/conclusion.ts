import { retry, settle, type Delivery, type HandlerResult, type RetryPolicy } from '@app/common';
import type { Rejection } from './sms-provider.js';

/** One company's rejection within one walk of the route. */
export interface ProviderRejection extends Rejection {
  readonly provider: string;
}

/** What follows a delivery that got no text accepted. */
export type Conclusion =
  | { readonly kind: 'retry'; readonly result: HandlerResult; readonly nextAttemptAt: Date }
  /** The next attempt would come after the code has died. */
  | { readonly kind: 'too-late' }
  /** No attempt is left, or none would help. */
  | { readonly kind: 'over' };

export interface Circumstances {
  readonly policy: RetryPolicy;
  readonly delivery: Delivery;
  readonly expiresAt: Date;
  readonly now: Date;
}

/**
 * When every company asked has rejected: any RETRYABLE one means another attempt, the rest is over. What the last one says
 * of the recipient decides alone: it holds for all companies, whatever those before it have said of themselves.
 */
export function conclude(rejections: readonly ProviderRejection[], circumstances: Circumstances): Conclusion {
  const ofRecipient = rejections.slice(-1).filter(({ scope }) => scope === 'recipient');
  const deciding = ofRecipient.length > 0 ? ofRecipient : rejections;
  const retryable = deciding.filter((rejection) => rejection.class === 'RETRYABLE');
  if (retryable.length === 0) return { kind: 'over' };
  const waits = retryable.map(({ retryAfterMs }) => retryAfterMs);
  // Only where everybody who may yet take it says when to come back is that wait ours; else our own backoff is shorter.
  const afterMs = waits.includes(undefined) ? undefined : Math.min(...waits.map((wait) => wait ?? 0));
  return planRetry(retryable.map(describe).join(', '), circumstances, afterMs);
}

/** What another attempt for this reason comes to under the policy. */
export function planRetry(
  reason: string,
  { policy, delivery, expiresAt, now }: Circumstances,
  afterMs?: number,
): Conclusion {
  // A company's hour is longer than any declared wait: whoever asks before is refused again.
  if (afterMs !== undefined && now.getTime() + afterMs > expiresAt.getTime()) return { kind: 'too-late' };
  const result = retry(reason, afterMs);
  const settlement = settle(result, policy, delivery);
  if (settlement.kind !== 'retry') return { kind: 'over' };
  const nextAttemptAt = new Date(now.getTime() + settlement.delayMs);
  return nextAttemptAt > expiresAt ? { kind: 'too-late' } : { kind: 'retry', result, nextAttemptAt };
}

export const describe = ({ provider, code, class: errorClass, scope }: ProviderRejection): string =>
  `${provider} ${code} (${errorClass}/${scope})`;
