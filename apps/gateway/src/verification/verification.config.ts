import { Setting } from '@app/common';
import { IsIn, IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { getCountries } from 'libphonenumber-js/max';

export class VerificationSettings {
  @Setting({ env: 'CODE_LENGTH', about: 'Digits of a code, 6 to 10; Chinese companies take at most 6.', example: '6' })
  @IsInt()
  @Min(6)
  @Max(10)
  codeLength: number = 6;

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
    env: 'DEFAULT_REGION',
    about:
      'The country (ISO 3166-1 alpha-2) of numbers that come without a + and a country code; none: they are refused.',
    example: 'CN',
    optional: true,
  })
  @IsOptional()
  @IsIn(getCountries(), { message: 'it must be a country code of two capital letters' })
  defaultRegion?: string;

  @Setting({
    env: 'DEFAULT_LOCALE',
    about: 'Language of texts (BCP 47) where the request names none; none: zh-CN for +86, else en.',
    example: 'zh-CN',
    optional: true,
  })
  @IsOptional()
  @Matches(/^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8}){0,3}$/)
  defaultLocale?: string;

  @Setting({
    env: 'HASH_KEY',
    about: 'Key of the hashes under which Redis knows codes and numbers: base64 of 32 random bytes.',
    example: '$(openssl rand -base64 32)',
    secret: true,
  })
  @Matches(/^[A-Za-z0-9+/]{43}=$/, { message: 'it must be base64 of 32 bytes' })
  hashKey: string;
}
