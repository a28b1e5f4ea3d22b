import type { Claim } from './counters.js';
import type { LimitSettings } from './limits.config.js';
import type { Window } from './rolling-count.js';

/** Of one text, what is counted beside its number. Hashes are keyed ones. */
export interface TextSubject {
  readonly service: string;
  /** Of the caller's API key. */
  readonly keyId: string;
  /** See `countryOf`. */
  readonly country: string;
  readonly prefixHash: string;
  /** See `originOf`. */
  readonly origin: string;
}

/** Where a text is asked for: an end user's network in one service, or the API key of a caller who states none. */
export const originOf = (service: string, keyId: string, networkHash: string | undefined): string =>
  networkHash === undefined ? `no-ip:${keyId}` : `ip:${service}:${networkHash}`;

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What an approval takes off again: who gets approved is no pump. */
export const unprovenClaims = (
  { origin, prefixHash }: Pick<TextSubject, 'origin' | 'prefixHash'>,
  limits: LimitSettings,
): Claim[] =>
  effective([
    origin.startsWith('no-ip:')
      ? claim(origin, ['no-ip-hour', limits.noIpPerHour, HOUR], ['no-ip-day', limits.noIpPerDay, DAY])
      : claim(origin, ['ip-hour', limits.ipPerHour, HOUR], ['ip-day', limits.ipPerDay, DAY]),
    claim(`prefix:${prefixHash}`, ['prefix-hour', limits.prefixPerHour, HOUR]),
  ]);

/** All that one text is counted for beside its number. */
export function claimsOf(subject: TextSubject, limits: LimitSettings): Claim[] {
  const { service, keyId, country } = subject;
  return [
    ...unprovenClaims(subject, limits),
    ...effective([
      claim(`key:${keyId}`, ['key-minute', limits.keyPerMinute, MINUTE]),
      claim(`service:${service}`, ['service-minute', limits.servicePerMinute, MINUTE]),
      claim(
        `country:${service}:${country}`,
        ['country-hour', limits.countryPerHour, HOUR],
        ['country-day', limits.countryPerDay, DAY],
      ),
    ]),
  ];
}

const claim = (subject: string, ...windows: [policy: string, quota: number, seconds: number][]): Claim => ({
  subject,
  windows: windows
    .map(([policy, quota, seconds]): Window => ({ policy, quota, seconds }))
    .filter(({ quota }) => quota > 0),
});

const effective = (claims: readonly Claim[]): Claim[] => claims.filter(({ windows }) => windows.length > 0);
