import { Setting } from '@app/common';
import { Matches } from 'class-validator';

/** What all services share. */
export class VerificationSettings {
  @Setting({
    env: 'HASH_KEY',
    about: 'Key of the hashes under which Redis knows codes and numbers: base64 of 32 random bytes.',
    example: '$(openssl rand -base64 32)',
    secret: true,
  })
  @Matches(/^[A-Za-z0-9+/]{43}=$/, { message: 'it must be base64 of 32 bytes' })
  hashKey: string;
}
