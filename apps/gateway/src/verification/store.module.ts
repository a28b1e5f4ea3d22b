import { REDIS, RedisModule, type Redis } from '@app/common';
import { Module, type DynamicModule } from '@nestjs/common';
import { MemoryVerificationStore } from './memory-verification-store.js';
import { RedisVerificationStore } from './redis-verification-store.js';
import { VerificationStore } from './verification-store.js';

@Module({})
export class StoreModule {
  /** Without a URL verifications live in memory: only a program that composes the process can ask for that. */
  static at(url: string | undefined): DynamicModule {
    const store = url
      ? { inject: [REDIS], useFactory: (redis: Redis) => new RedisVerificationStore(redis) }
      : { useFactory: () => new MemoryVerificationStore() };
    return {
      module: StoreModule,
      global: true,
      imports: url ? [RedisModule.at(url)] : [],
      providers: [{ provide: VerificationStore, ...store }],
      exports: [VerificationStore],
    };
  }
}
