import { Matches } from 'class-validator';
import { Setting } from '../config/setting.js';

export class RedisSettings {
  @Setting({
    env: 'REDIS_URL',
    about: 'Where verifications, limits and the ledger live; rediss:// for TLS.',
    example: 'redis://localhost:6379',
    secret: true,
  })
  @Matches(/^rediss?:\/\//, { message: 'it must begin with redis:// or rediss://' })
  /** Undefined only where a program composes the process itself (standalone, tests): the stores are then in memory. */
  url?: string;
}
