import { ROUTES_NAME, Setting, TEMPLATES, type Template } from '@app/common';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  Matches,
  Max,
  Min,
  ValidateBy,
  type ValidationArguments,
} from 'class-validator';
import { getCountries } from 'libphonenumber-js/max';
import type { LimitSettings } from '../limits/limits.config.js';

/** NIST SP 800-63B §5.1.3.2 and OWASP ASVS 6.5.4 want six digits. */
const IsCodeLength = (): PropertyDecorator =>
  ValidateBy({
    name: 'isCodeLength',
    validator: {
      validate: (value, args) =>
        Number.isInteger(value) &&
        value <= 10 &&
        value >= ((args as Of<ServiceSettings>).object.allowShortCodes === true ? 4 : 6),
      defaultMessage: () =>
        'it must be 6 to 10; 4 and 5 digits are guessed too easily, and want allowShortCodes (ALLOW_SHORT_CODES)',
    },
  });
type Of<T> = ValidationArguments & { readonly object: T };

/**
 * How verifications of one service are. The environment makes the service `default`; each service of SERVICES_FILE is
 * that with what the file has instead, in the names of these properties. What runs keeps what it was started with.
 */
export class ServiceSettings {
  @Setting({
    env: 'CODE_LENGTH',
    about: 'Digits of a code, 6 to 10, with ALLOW_SHORT_CODES 4 to 10; Chinese companies take at most 6.',
    example: '6',
  })
  @IsCodeLength()
  codeLength: number = 6;

  @Setting({
    env: 'ALLOW_SHORT_CODES',
    about: 'Whether codes may have 4 or 5 digits, which NIST SP 800-63B and OWASP ASVS call too few.',
    example: 'false',
  })
  @IsBoolean()
  allowShortCodes: boolean = false;

  /** At most what NIST SP 800-63B §5.1.3.2 and OWASP ASVS 6.5.5 allow. */
  @Setting({ env: 'CODE_TTL_SECONDS', about: 'How long a code works, 60 to 600 seconds.', example: '300' })
  @IsInt()
  @Min(60)
  @Max(600)
  codeTtlSeconds: number = 300;

  @Setting({ env: 'MAX_CHECKS', about: 'Guesses that a verification allows, 1 to 10.', example: '5' })
  @IsInt()
  @Min(1)
  @Max(10)
  maxChecks: number = 5;

  @Setting({ env: 'MAX_SENDS', about: 'Texts of one verification, the first included, 1 to 10.', example: '5' })
  @IsInt()
  @Min(1)
  @Max(10)
  maxSends: number = 5;

  @Setting({
    env: 'RESEND_COOLDOWN_SECONDS',
    about: 'Seconds between two texts to one number, at least 1; Chinese carriers allow one a minute.',
    example: '60',
  })
  @IsInt()
  @Min(1)
  resendCooldownSeconds: number = 60;

  @Setting({
    env: 'DEFAULT_TEMPLATE',
    about: `What a text says where the request names no template: ${TEMPLATES.join(', ')}.`,
    example: TEMPLATES[0],
  })
  @IsIn(TEMPLATES)
  defaultTemplate: Template = 'verification-code';

  @Setting({
    env: 'ROUTES',
    about: 'The set in the SMS_ROUTES_FILE of the workers that texts go by; none: the routes of no set.',
    example: 'bank',
    optional: true,
  })
  @IsOptional()
  @Matches(ROUTES_NAME, { message: 'it must be a name of small letters, digits and dashes, at most 32' })
  routes?: string | null;

  @Setting({
    env: 'DEFAULT_REGION',
    about:
      'The country (ISO 3166-1 alpha-2) of numbers that come without a + and a country code; none: they are refused.',
    example: 'CN',
    optional: true,
  })
  @IsOptional()
  @IsIn(getCountries(), { message: 'it must be a country code of two capital letters' })
  defaultRegion?: string | null;

  @Setting({
    env: 'DEFAULT_LOCALE',
    about: 'Language of texts (BCP 47) where the request names none; none: zh-CN for +86, else en.',
    example: 'zh-CN',
    optional: true,
  })
  @IsOptional()
  @Matches(/^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8}){0,3}$/)
  defaultLocale?: string | null;
}

/** With how much may be asked for in it. */
export type Service = ServiceSettings & { readonly limits: LimitSettings };

export class ServicesFileSettings {
  @Setting({
    env: 'SERVICES_FILE',
    about:
      'JSON file with the settings of services beside or instead of default: {"bank": {"codeLength": 8}}. Read again on SIGHUP and when it changes.',
    example: '/etc/otpost/services.json',
    optional: true,
  })
  @IsOptional()
  @Matches(/\S/)
  path?: string;
}
