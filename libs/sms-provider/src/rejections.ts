import type { HttpAnswer, NoAnswer } from './provider-http.js';
import type { QueryAnswer, Rejection, SendOutcome } from './sms-provider.js';

/** What a company's code means, without the code. */
export type Meaning = Omit<Rejection, 'kind' | 'code'>;

/** Busy, or failing without a cause: later, or elsewhere. Also for every code that a company's table does not have. */
export const BUSY: Meaning = { class: 'RETRYABLE', scope: 'provider' };
/** This number has had too many for now; another company would make it more. */
export const tooSoon = (seconds: number): Meaning => ({
  class: 'RETRYABLE',
  scope: 'recipient',
  retryAfterMs: seconds * 1000,
});
/** The number is wrong, blocked or has had its share of the day: it is so everywhere. */
export const RECIPIENT: Meaning = { class: 'PERMANENT', scope: 'recipient' };
/** The company does not serve this country, or not for us. */
export const REGION: Meaning = { class: 'PERMANENT', scope: 'region' };
/** Template, signature or params: our configuration at this company. */
export const REQUEST: Meaning = { class: 'PERMANENT', scope: 'request' };
/** Credentials, balance, rights: our account at this company. */
export const ACCOUNT: Meaning = { class: 'PERMANENT', scope: 'account' };

type Row = readonly [meaning: Meaning, what: string, codes: string];

/** Meanings by a company's code. Each row has codes with spaces between; `Throttling*` is every code that begins so. */
export function codeTable(rows: readonly Row[]): (code: string) => Meaning | undefined {
  const entries = rows.flatMap(([meaning, , codes]) => codes.split(' ').map((code) => [code, meaning] as const));
  const exact = new Map(entries);
  const beginnings = entries.flatMap(([code, meaning]) =>
    code.endsWith('*') ? [[code.slice(0, -1), meaning] as const] : [],
  );
  return (code) => exact.get(code) ?? beginnings.find(([beginning]) => code.startsWith(beginning))?.[1];
}

/** Codes travel to logs, metrics and timelines: what is not one in shape is not taken for one. */
const CODE = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/;

/**
 * What an answer that is no acceptance comes to. The code decides, whatever the HTTP status. A code that the table does
 * not have is `BUSY`, and where the status is 5xx the company may have taken the text. Without a code a 4xx was refused by
 * whatever stands in front of the company, and somebody should look; a redirect is a wrong address; anything else is unknown. The company's Retry-After
 * says more of when to come back than its documentation.
 */
export function refused(answer: HttpAnswer, code: string | undefined, meaning: Meaning | undefined): SendOutcome {
  const { status, retryAfterMs } = answer;
  const known = code !== undefined && CODE.test(code) ? code : undefined;
  const refusal = meaning ?? (status < 500 ? BUSY : undefined);
  if (known !== undefined && refusal) return rejectedAs(refusal, known, retryAfterMs);
  if (isRedirect(status)) return rejectedAs(ACCOUNT, `http-${status}`);
  if (known === undefined && status >= 400 && status < 500)
    return { ...rejectedAs(BUSY, `http-${status}`, retryAfterMs), alert: true };
  return { kind: 'unknown', code: status === 200 ? 'unreadable-answer' : `http-${status}` };
}

/** Why a status query has no answer: the company's code where it has the shape of one. */
export const queryFailed = (answer: HttpAnswer | NoAnswer, code?: unknown): QueryAnswer => {
  if (answer.kind !== 'answered') return { kind: 'failed', code: answer.code };
  const named = typeof code === 'string' && CODE.test(code) ? code : undefined;
  return { kind: 'failed', code: named ?? (answer.status === 200 ? 'unreadable-answer' : `http-${answer.status}`) };
};

/**
 * Where the company listens has moved (RFC 9110 §15.4): it was not served here, is never sent on, and our setting is to be
 * corrected. After a 302 or 303 it may have been served: many answer a form so.
 */
export const isRedirect = (status: number): boolean => [301, 307, 308].includes(status);

/** `retryAfterMs`, what the company's answer said, concerns only what may succeed later. */
export const rejectedAs = (meaning: Meaning, code: string, retryAfterMs?: number): Rejection => ({
  kind: 'rejected',
  ...meaning,
  ...(meaning.class === 'RETRYABLE' && retryAfterMs !== undefined && { retryAfterMs }),
  code,
});

/** What a company calls a text: a word that a receipt can be matched by; nothing where it is empty or beyond all measure. */
export const idOf = (value: unknown): { providerMessageId?: string } =>
  typeof value === 'string' && value !== '' && value.length <= 128 ? { providerMessageId: value } : {};

/** The fields of a JSON object; none where a text is anything else. */
export function jsonOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
