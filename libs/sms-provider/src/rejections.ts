import type { Rejection } from './sms-provider.js';

/** What a company's code means, without the code. */
export type Meaning = Omit<Rejection, 'kind' | 'code'>;

/** Busy, or failing without a cause: later, or elsewhere. Also for every code that a company's table does not have. */
export const BUSY: Meaning = { class: 'RETRYABLE', scope: 'provider', failover: true, alert: false };
/** This number has had too many for now; another company would make it more. */
export const tooSoon = (seconds: number): Meaning => ({
  class: 'RETRYABLE',
  scope: 'recipient',
  failover: false,
  alert: false,
  retryAfterMs: seconds * 1000,
});
/** The number is wrong, blocked or has had its share of the day: it is so everywhere. */
export const RECIPIENT: Meaning = { class: 'PERMANENT', scope: 'recipient', failover: false, alert: false };
/** The company does not serve this country, or not for us. */
export const REGION: Meaning = { class: 'PERMANENT', scope: 'region', failover: true, alert: true };
/** Template, signature or params: our configuration at this company. */
export const REQUEST: Meaning = { class: 'PERMANENT', scope: 'request', failover: true, alert: true };
/** Credentials, balance, rights: our account at this company. */
export const ACCOUNT: Meaning = { class: 'PERMANENT', scope: 'account', failover: true, alert: true };
