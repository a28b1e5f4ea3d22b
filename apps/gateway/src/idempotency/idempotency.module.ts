import { REDIS, type Redis } from '@app/common';
import { Module, type DynamicModule } from '@nestjs/common';
import { KeyedHash } from '../verification/keyed-hash.js';
import { IdempotencyStore } from './idempotency-store.js';
import { Idempotency } from './idempotency.js';
import { MemoryIdempotencyStore } from './memory-idempotency-store.js';
import { RedisIdempotencyStore } from './redis-idempotency-store.js';

/** For `@Idempotent()` methods of any module. Without a URL requests are known in memory. */
@Module({})
export class IdempotencyModule {
  static at(url: string | undefined): DynamicModule {
    const store = url
      ? { provide: IdempotencyStore, inject: [REDIS], useFactory: (redis: Redis) => new RedisIdempotencyStore(redis) }
      : { provide: IdempotencyStore, useFactory: () => new MemoryIdempotencyStore() };
    return {
      module: IdempotencyModule,
      global: true,
      providers: [store, KeyedHash, Idempotency],
      exports: [Idempotency],
    };
  }
}
