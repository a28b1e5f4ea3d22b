import { dependencyUnavailable, invalidRequest, Problem, QUOTA_EXCEEDED, secondsUntil } from '@app/common';
import type { VerificationStatus } from './verification.js';

export const invalidPhoneNumber = () =>
  new Problem({
    status: 422,
    code: 'invalid_phone_number',
    title: 'Not a telephone number',
    detail: 'No telephone number looks like this. Write it with + and the country code.',
    errors: [{ pointer: '/to', detail: 'is not a possible telephone number' }],
  });

export const unsupportedNumberType = (type: string) =>
  new Problem({
    status: 422,
    code: 'unsupported_number_type',
    title: 'Number cannot get texts',
    detail: 'Numbers of this type get no texts. Ask for a mobile number.',
    errors: [{ pointer: '/to', detail: `is a number of type ${type}` }],
    numberType: type,
  });

export const malformedCode = (length?: number) =>
  invalidRequest([{ pointer: '/code', detail: length ? `must be ${length} digits` : 'must be digits' }]);

export const unknownVerification = () =>
  new Problem({
    status: 404,
    code: 'not_found',
    title: 'Not found',
    detail: 'There is no such verification, or it ended more than 24 hours ago.',
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

const COOLDOWN_POLICY = 'number-cooldown';

/** `RateLimit` and `RateLimit-Policy` follow draft-ietf-httpapi-ratelimit-headers-11. */
export function destinationInCooldown(endsAt: number, cooldownSeconds: number, now: Date): Problem {
  const retryAfter = secondsUntil(endsAt, now);
  return new Problem(
    {
      status: 429,
      code: 'destination_in_cooldown',
      title: 'Number was texted lately',
      detail: `The next text to this number can be asked for in ${retryAfter} s.`,
      type: QUOTA_EXCEEDED,
      'violated-policies': [COOLDOWN_POLICY],
      retryAfter,
    },
    {
      'ratelimit-policy': `"${COOLDOWN_POLICY}";q=1;w=${cooldownSeconds}`,
      ratelimit: `"${COOLDOWN_POLICY}";r=0;t=${retryAfter}`,
    },
  );
}

export const outboxFull = () =>
  dependencyUnavailable('The texts of the requests before this one still wait to be sent. Nothing was sent or kept.');
