import { IsAddress } from '../config/is-address.js';
import { Setting } from '../config/setting.js';

export class RedisSettings {
  @Setting({
    env: 'REDIS_URL',
    about: 'Where verifications, limits and the ledger live; rediss:// for TLS.',
    example: 'redis://localhost:6379',
    secret: true,
  })
  @IsAddress(['redis', 'rediss'])
  /** Undefined only where a program composes the process itself (standalone, tests): the stores are then in memory. */
  url?: string;
}
