import { IsKeyList, Setting } from '@app/common';

/** What all services share. */
export class VerificationSettings {
  @Setting({
    env: 'HASH_KEYS',
    about:
      'Keys of the hashes under which Redis knows codes, numbers and addresses: id:base64 of 32 random bytes, the first one makes new ones, all of them find.',
    example: 'k1:$(openssl rand -base64 32)',
    secret: true,
  })
  @IsKeyList()
  hashKeys: string[] = [];
}
