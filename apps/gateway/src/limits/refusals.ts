import { Problem, QUOTA_EXCEEDED, secondsUntil } from '@app/common';
import { rateLimitFields } from './rate-limit-fields.js';
import type { Quota, Violation } from './quota.js';

const ABNORMAL_USAGE = 'https://iana.org/assignments/http-problem-types#abnormal-usage-detected';

interface Kind {
  readonly code: string;
  readonly title: string;
  readonly what: string;
  readonly type?: string;
}

const NUMBER_QUOTA: Kind = {
  code: 'destination_quota',
  title: 'Number was texted often',
  what: 'The next text to this number',
};
const IP_QUOTA: Kind = {
  code: 'ip_quota',
  title: 'Too many texts for one address',
  what: "The next text for this end user's address",
};
const COUNTRY_QUOTA: Kind = {
  code: 'country_quota',
  title: 'Too many texts to one country',
  what: 'The next text to this country',
};
const CHECK_QUOTA: Kind = {
  code: 'check_quota',
  title: 'Too many failed checks',
  what: 'The next check for this number',
};

/** By policy. Sequential numbers that nobody approves are abuse; every other limit is a quota. */
const KINDS: Readonly<Record<string, Kind>> = {
  'number-cooldown': {
    code: 'destination_in_cooldown',
    title: 'Number was texted lately',
    what: 'The next text to this number',
  },
  'number-hour': NUMBER_QUOTA,
  'number-day': NUMBER_QUOTA,
  'number-pending': {
    code: 'too_many_pending',
    title: 'Too many pending verifications',
    what: 'The next verification of this number',
  },
  'prefix-hour': {
    code: 'prefix_quota',
    title: 'Too many texts to neighbouring numbers',
    what: 'The next text to numbers like this',
    type: ABNORMAL_USAGE,
  },
  'ip-hour': IP_QUOTA,
  'ip-day': IP_QUOTA,
  'no-ip-hour': IP_QUOTA,
  'no-ip-day': IP_QUOTA,
  'key-minute': {
    code: 'key_quota',
    title: 'Too many texts with one API key',
    what: 'The next text with this API key',
  },
  'service-minute': {
    code: 'service_quota',
    title: 'Too many texts of one service',
    what: 'The next text of this service',
  },
  'country-hour': COUNTRY_QUOTA,
  'country-day': COUNTRY_QUOTA,
  'checks-day': CHECK_QUOTA,
  'check-wait': CHECK_QUOTA,
};

/**
 * 429. Whoever comes back when `Retry-After` says finds none of these limits in the way, if nothing else was counted
 * meanwhile. Named after the limit that takes longest; `violated-policies` has them all.
 */
export function limitExceeded(violations: readonly Violation[], quotas: readonly Quota[], now: Date): Problem {
  const [longest] = [...violations].sort((a, b) => b.endsAt - a.endsAt);
  const { code, title, what, type = QUOTA_EXCEEDED } = KINDS[longest!.policy]!;
  const retryAfter = secondsUntil(longest!.endsAt, now);
  return new Problem(
    {
      status: 429,
      code,
      title,
      detail: `${what} can be asked for in ${retryAfter} s.`,
      type,
      'violated-policies': violations.map(({ policy }) => policy),
      retryAfter,
    },
    rateLimitFields(quotas, now),
  );
}
