import { secondsUntil } from '@app/common';
import type { Quota } from './quota.js';

/**
 * `RateLimit-Policy` and `RateLimit` of draft-ietf-httpapi-ratelimit-headers-11: structured fields (RFC 9651), a list of
 * strings with parameters. Names of policies only: nothing of whom they were counted for.
 */
export function rateLimitFields(quotas: readonly Quota[], now: Date): Record<string, string> {
  if (quotas.length === 0) return {};
  return {
    'ratelimit-policy': quotas.map(({ policy, quota, seconds }) => `"${policy}";q=${quota};w=${seconds}`).join(', '),
    ratelimit: quotas
      .map(({ policy, remaining, resetsAt }) => {
        const t = resetsAt > now.getTime() ? `;t=${secondsUntil(resetsAt, now)}` : '';
        return `"${policy}";r=${remaining}${t}`;
      })
      .join(', '),
  };
}
