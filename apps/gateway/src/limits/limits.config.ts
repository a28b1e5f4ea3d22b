import { Setting } from '@app/common';
import { IsIn, IsInt, Max, Min, validateSync } from 'class-validator';
import { getCountries } from 'libphonenumber-js/max';
import { OF_NO_COUNTRY } from '../numbers/country.js';

/** Beyond this many, what a number did is not remembered one by one. */
export const MOST_REMEMBERED = 100;
const MOST_TEXTS = 100_000_000;
const HOUR = 3600;

/**
 * How much may be asked for. Where 0 is legal it turns a limit off: nothing is counted for it. The same class checks what one
 * service overrides: `overrideLimits`.
 */
export class LimitSettings {
  @Setting({
    env: 'LIMIT_COOLDOWN_FREE_TEXTS',
    about:
      'Texts to one number after which the cooldown stays as it is, 1 to 100; after each further one it doubles. An approval begins anew.',
    example: '3',
  })
  @IsInt()
  @Min(1)
  @Max(MOST_REMEMBERED)
  cooldownFreeTexts: number = 3;

  @Setting({
    env: 'LIMIT_COOLDOWN_MAX_SECONDS',
    about: 'The longest cooldown that doubling comes to, 1 to 86400 seconds.',
    example: '1920',
  })
  @IsInt()
  @Min(1)
  @Max(24 * HOUR)
  cooldownMaxSeconds: number = 1920;

  @Setting({
    env: 'LIMIT_COOLDOWN_DECAY_SECONDS',
    about: 'After this long without a text the cooldown of a number has halved again, 60 to 86400 seconds.',
    example: '3600',
  })
  @IsInt()
  @Min(60)
  @Max(24 * HOUR)
  cooldownDecaySeconds: number = HOUR;

  @Setting({
    env: 'LIMIT_NUMBER_PER_HOUR',
    about: 'Texts to one number in any hour, 0 to 100; Chinese carriers take 5. 0: no limit.',
    example: '5',
  })
  @IsInt()
  @Min(0)
  @Max(MOST_REMEMBERED)
  numberPerHour: number = 5;

  @Setting({
    env: 'LIMIT_NUMBER_PER_DAY',
    about: 'Texts to one number in any 24 hours, 0 to 100; Chinese carriers take 10. 0: no limit.',
    example: '10',
  })
  @IsInt()
  @Min(0)
  @Max(MOST_REMEMBERED)
  numberPerDay: number = 10;

  @Setting({
    env: 'LIMIT_NUMBER_PENDING',
    about: 'Pending verifications of one number in one service, 0 to 100. 0: no limit.',
    example: '3',
  })
  @IsInt()
  @Min(0)
  @Max(MOST_REMEMBERED)
  numberPending: number = 3;

  @Setting({
    env: 'LIMIT_PREFIX_PER_HOUR',
    about:
      'Texts an hour of one service to the numbers that share a prefix, while no approval follows them, 0 to 100000000: ranges are what pumping looks like. Those with client.trusted count apart. 0: no limit.',
    example: '20',
  })
  @IsInt()
  @Min(0)
  @Max(MOST_TEXTS)
  prefixPerHour: number = 20;

  @Setting({
    env: 'LIMIT_PREFIX_DIGITS',
    about: 'How many last digits a prefix is without, 1 to 6; numbers of at most 10 digits lose one fewer.',
    example: '4',
  })
  @IsInt()
  @Min(1)
  @Max(6)
  prefixDigits: number = 4;

  @Setting({
    env: 'LIMIT_IP_PER_HOUR',
    about:
      "Texts an hour for one end user's address (client.ip; IPv6 by /64) in one service, while no approval follows them, 0 to 100000000. 0: no limit.",
    example: '20',
  })
  @IsInt()
  @Min(0)
  @Max(MOST_TEXTS)
  ipPerHour: number = 20;

  @Setting({ env: 'LIMIT_IP_PER_DAY', about: 'The same in 24 hours. 0: no limit.', example: '50' })
  @IsInt()
  @Min(0)
  @Max(MOST_TEXTS)
  ipPerDay: number = 50;

  @Setting({
    env: 'LIMIT_NO_IP_PER_HOUR',
    about:
      'Texts an hour for all requests of one API key that state no client.ip, together, while no approval follows them, 0 to 100000000. 0: no limit.',
    example: '100',
  })
  @IsInt()
  @Min(0)
  @Max(MOST_TEXTS)
  noIpPerHour: number = 100;

  @Setting({ env: 'LIMIT_NO_IP_PER_DAY', about: 'The same in 24 hours. 0: no limit.', example: '1000' })
  @IsInt()
  @Min(0)
  @Max(MOST_TEXTS)
  noIpPerDay: number = 1000;

  @Setting({
    env: 'LIMIT_KEY_PER_MINUTE',
    about: 'Texts a minute for one API key, 0 to 100000000. 0: no limit.',
    example: '6000',
  })
  @IsInt()
  @Min(0)
  @Max(MOST_TEXTS)
  keyPerMinute: number = 0;

  @Setting({
    env: 'LIMIT_SERVICE_PER_MINUTE',
    about: 'Texts a minute for one service, all its keys together, 0 to 100000000. 0: no limit.',
    example: '6000',
  })
  @IsInt()
  @Min(0)
  @Max(MOST_TEXTS)
  servicePerMinute: number = 0;

  @Setting({
    env: 'LIMIT_COUNTRY_PER_HOUR',
    about: 'Texts an hour of one service to one country, 0 to 100000000: bounds what can be spent. 0: no limit.',
    example: '2000',
  })
  @IsInt()
  @Min(0)
  @Max(MOST_TEXTS)
  countryPerHour: number = 0;

  @Setting({ env: 'LIMIT_COUNTRY_PER_DAY', about: 'The same in 24 hours. 0: no limit.', example: '20000' })
  @IsInt()
  @Min(0)
  @Max(MOST_TEXTS)
  countryPerDay: number = 0;

  @Setting({
    env: 'COUNTRIES',
    about:
      'Where texts may go: ISO 3166-1 alpha-2 codes, or +881 and the like for what belongs to no country. None: everywhere.',
    example: 'CN,HK',
    optional: true,
  })
  @IsIn([...getCountries(), ...OF_NO_COUNTRY], {
    each: true,
    message: 'each must be a country code of two capital letters, or + and a calling code that belongs to no country',
  })
  countries: string[] = [];

  @Setting({
    env: 'LIMIT_CHECKS_PER_DAY',
    about: 'Failed checks of one number in any 24 hours, over all its verifications, 1 to 70.',
    example: '20',
  })
  @IsInt()
  @Min(1)
  @Max(70)
  checksPerDay: number = 20;

  @Setting({
    env: 'LIMIT_CHECKS_TRUSTED',
    about: 'How many more fail before verifications started with client.trusted are refused as well, 0 to 30.',
    example: '10',
  })
  @IsInt()
  @Min(0)
  @Max(30)
  checksTrusted: number = 10;

  @Setting({
    env: 'LIMIT_CHECK_WAIT_AFTER',
    about:
      'Failed checks of one number since its last approval after which a guess must wait, where its verification has failed before, 1 to 100.',
    example: '5',
  })
  @IsInt()
  @Min(1)
  @Max(MOST_REMEMBERED)
  checkWaitAfter: number = 5;

  @Setting({
    env: 'LIMIT_CHECK_WAIT_SECONDS',
    about:
      'That wait, doubled with each further failure of the same verification up to an hour, 0 to 3600 seconds. 0: no wait.',
    example: '30',
  })
  @IsInt()
  @Min(0)
  @Max(HOUR)
  checkWaitSeconds: number = 30;
}

/** Thrown for an override that is no legal one; a line for each member. */
export class LimitsError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

/**
 * `base` with what `override` has instead, in the names of the properties above: `{"numberPerHour": 3}`.
 * @throws LimitsError for names that are not known and values out of range.
 */
export function overrideLimits(base: LimitSettings, override: object): LimitSettings {
  const unknown = Object.keys(override).filter((name) => !Object.hasOwn(base, name));
  if (unknown.length > 0) throw new LimitsError(unknown.map((name) => `${name}: is no limit`));
  const limits = Object.assign(new LimitSettings(), base, override);
  const wrong = validateSync(limits).map(
    ({ property, constraints }) => `${property}: ${Object.values(constraints ?? {}).join(', ')}`,
  );
  const problems = [...unknown.map((name) => `${name}: is no limit`), ...wrong];
  if (problems.length > 0) throw new LimitsError(problems);
  return limits;
}
