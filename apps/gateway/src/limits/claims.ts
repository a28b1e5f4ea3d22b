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
  /** The names of the prefix. Here and below several only while a hash key is rotated: each is counted, each can refuse. */
  readonly prefixNames: readonly string[];
  readonly numberNames: readonly string[];
  /** The caller knows this user: nobody else can use up what is counted for such texts. */
  readonly trusted: boolean;
  /** See `originsOf`. */
  readonly origins: readonly string[];
}

/** Where a text is asked for: an end user's network in one service, or the API key of a caller who states none. */
export const originsOf = (
  service: string,
  keyId: string,
  networkNames: readonly string[] | undefined,
): readonly string[] => networkNames?.map((name) => `ip:${service}:${name}`) ?? [`no-ip:${keyId}`];

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Of a text, what is counted until its verification is approved. */
export type UnprovenSubject = Pick<TextSubject, 'service' | 'origins' | 'prefixNames' | 'trusted'>;

/** What an approval takes off again: who gets approved is no pump. */
export const unprovenClaims = (
  { service, origins, prefixNames, trusted }: UnprovenSubject,
  limits: LimitSettings,
): Claim[] =>
  effective([
    ...origins.map((origin) =>
      origin.startsWith('no-ip:')
        ? claim(origin, ['no-ip-hour', limits.noIpPerHour, HOUR], ['no-ip-day', limits.noIpPerDay, DAY])
        : claim(origin, ['ip-hour', limits.ipPerHour, HOUR], ['ip-day', limits.ipPerDay, DAY]),
    ),
    ...prefixNames.map((name) =>
      claim(`prefix:${service}:${trusted ? 'trusted:' : ''}${name}`, ['prefix-hour', limits.prefixPerHour, HOUR]),
    ),
  ]);

/** Longer than two gateways can be between choosing a number's name and keeping its verification: Redis has 2 s to answer. */
const CHOICE_SECONDS = 6;

/**
 * While a number has several names, one text to it at a time: of two gateways that choose different ones at the same moment,
 * one is refused. Else neither would see the other's text.
 */
const rotationClaims = ({ numberNames }: Pick<TextSubject, 'numberNames'>): Claim[] =>
  numberNames.length === 1
    ? []
    : numberNames.map((name) => claim(`number:${name}`, ['number-cooldown', 1, CHOICE_SECONDS]));

/** All that one text is counted for beside its number. */
export function claimsOf(subject: TextSubject, limits: LimitSettings): Claim[] {
  const { service, keyId, country } = subject;
  return [
    ...unprovenClaims(subject, limits),
    ...rotationClaims(subject),
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
