import { dependencyUnavailable, invalidRequest, Problem } from '@app/common';
import type { After } from './transitions.js';
import { isVerificationId } from './verification-id.js';
import type { Missing } from './verification-store.js';
import { statusAt, type VerificationStatus } from './verification.js';

export const malformedCode = (length?: number) =>
  invalidRequest([{ pointer: '/code', detail: length ? `must be ${length} digits` : 'must be digits' }]);

export const unknownVerification = () =>
  new Problem({
    status: 404,
    code: 'not_found',
    title: 'Not found',
    detail: 'There is no such verification, or it ended more than 24 hours ago.',
  });

/** The same whether the number was ever heard of or not. */
export const nothingPending = () =>
  new Problem({
    status: 404,
    code: 'not_found',
    title: 'Not found',
    detail: 'No verification of this number and purpose is pending.',
  });

export const notPending = (status: VerificationStatus) =>
  new Problem({
    status: 409,
    code: 'verification_not_pending',
    title: 'Verification has ended',
    detail: `The verification is ${status.replaceAll('_', ' ')}. Start a new one.`,
    verificationStatus: status,
  });

/** No time makes another send possible, so it is a conflict and not a quota. */
export const noSendsLeft = (maxSends: number) =>
  new Problem({
    status: 409,
    code: 'no_sends_left',
    title: 'No texts left',
    detail: `A verification sends at most ${maxSends} texts. The codes sent so far work until they expire.`,
  });

/** Not a wrong code: nobody here can tell. Another gateway may, while a hash key is rotated. */
export const codeKeyMissing = () =>
  dependencyUnavailable(
    'The code cannot be compared here now. No attempt was used. Try again; if this stays so, start a new verification.',
  );

export const outboxFull = () =>
  dependencyUnavailable('The texts of the requests before this one still wait to be sent. Nothing was sent or kept.');

/** @throws Problem for what cannot be an id of ours. */
export function wellFormed(id: string): string {
  if (!isVerificationId(id)) throw unknownVerification();
  return id;
}

type Pending<A> = A extends Missing
  ? never
  : A extends After<infer Kind>
    ? A & { kind: Exclude<Kind, 'not_pending'> }
    : A;

/** @throws Problem where the store found none, or one that has ended. */
export function unlessOver<A extends { readonly kind: string }>(answer: A, now: Date): Pending<A> {
  if (answer.kind === 'missing') throw unknownVerification();
  if (answer.kind === 'not_pending')
    throw notPending(statusAt((answer as unknown as After<'not_pending'>).verification, now));
  return answer as Pending<A>;
}
