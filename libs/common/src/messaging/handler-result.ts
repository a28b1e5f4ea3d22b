/** What a handler decided about its event. Throwing means `retry`. */
export type HandlerResult =
  | { readonly kind: 'done' }
  | Retry
  | ({ readonly kind: 'dead'; readonly reason: string } & DeadLetterDetails)
  | { readonly kind: 'park'; readonly reason: string };

export interface Retry {
  readonly kind: 'retry';
  readonly reason: string;
  /**
   * Absent: the policy's own wait, and an attempt is used up. Present: somebody else said how long to wait, or the delivery
   * never began; rounded up to a declared delay, and no attempt is used up.
   */
  readonly afterMs?: number;
}

/** Stands in the dead letter's headers, for whoever filters and replays. */
export interface DeadLetterDetails {
  readonly errorClass?: string;
  readonly provider?: string;
}

const DONE: HandlerResult = { kind: 'done' };

export const done = (): HandlerResult => DONE;
export const retry = (reason: string, afterMs?: number): HandlerResult => ({
  kind: 'retry',
  reason,
  ...(afterMs === undefined ? {} : { afterMs }),
});
/** Not worth another try: the message goes to the lane's dead queue. */
export const dead = (reason: string, details: DeadLetterDetails = {}): HandlerResult => ({
  kind: 'dead',
  reason,
  ...details,
});
/** Not a legal event: the message goes to the consumer's parked queue. */
export const park = (reason: string): HandlerResult => ({ kind: 'park', reason });

/** Thrown where an event cannot be read; parks it. */
export class UnreadableError extends Error {}

export const isHandlerResult = (value: unknown): value is HandlerResult =>
  typeof value === 'object' &&
  value !== null &&
  ['done', 'retry', 'dead', 'park'].includes((value as HandlerResult).kind);
