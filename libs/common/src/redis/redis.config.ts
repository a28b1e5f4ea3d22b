import { IsAddress } from '../config/is-address.js';
import { Setting } from '../config/setting.js';
import { REDIS_SCHEMES } from './redis-nodes.js';

export class RedisSettings {
  @Setting({
    env: 'REDIS_URL',
    about:
      'Where verifications, limits and the ledger live; rediss:// for TLS. A Redis Cluster: several of its nodes separated by commas, or redis+cluster:// (rediss+cluster://) before one.',
    example: 'redis://localhost:6379',
    secret: true,
  })
  @IsAddress(REDIS_SCHEMES, { list: true })
  /** Undefined only where a program composes the process itself (standalone, tests): the stores are then in memory. */
  url?: string;
}
