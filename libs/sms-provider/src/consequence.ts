import type { QueryAnswer, SendOutcome } from './sms-provider.js';

/** What follows from one company's answer to one request. */
export interface Consequence {
  /** The next company on the route is asked at once. */
  readonly failover: boolean;
  /**
   * What it says of the company's health: `ignored` says nothing, `failure` counts towards opening its breaker, `open`
   * opens it at once.
   */
  readonly health: 'success' | 'failure' | 'open' | 'ignored';
  /** Somebody has to act. */
  readonly alert: boolean;
}

/**
 * The failover table: class and scope of an answer decide. What is about the recipient is no other company's business,
 * or the second company is made a way round the first one's limits and blacklists; and what may have been sent is sent
 * by nobody else.
 */
export function consequenceOf(outcome: SendOutcome): Consequence {
  if (outcome.kind === 'accepted') return { failover: false, health: 'success', alert: false };
  if (outcome.kind === 'unknown') return { failover: false, health: 'failure', alert: false };
  const { class: errorClass, scope, failover = true, alert = errorClass === 'PERMANENT' } = outcome;
  switch (scope) {
    case 'recipient':
      return { failover: false, health: 'ignored', alert: false };
    case 'region':
    case 'request':
      return { failover, health: 'ignored', alert };
    case 'account':
      return { failover, health: 'open', alert };
    case 'provider':
      return { failover, health: 'failure', alert };
  }
}

/**
 * The settling table: what a company's word on an earlier request makes of an outcome that is unknown. Undefined: it stays
 * unknown. Absence proves nothing, and no text is sent for it: Twilio, Aliyun and Tencent Cloud promise nowhere that their
 * lists have a text as soon as it is taken, and Tencent Cloud's has it only once its fate is known.
 */
export function settledBy(answer: QueryAnswer): Extract<SendOutcome, { kind: 'accepted' }> | undefined {
  if (answer.kind !== 'found') return undefined;
  const { providerMessageId } = answer;
  return { kind: 'accepted', ...(providerMessageId === undefined ? {} : { providerMessageId }) };
}
