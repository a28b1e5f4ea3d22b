import { REDIS, type Redis } from '@app/common';
import { Module, type DynamicModule } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeys } from './api-keys.js';
import { ApiKeysService } from './api-keys.service.js';
import { KeyStore } from './key-store.js';
import { MemoryKeyStore } from './memory-key-store.js';
import { RedisKeyStore } from './redis-key-store.js';

/** Guards every route of the app that imports it. */
@Module({})
export class AccessModule {
  /** Without a URL keys live in memory: only a program that composes the process can ask for that. */
  static at(url: string | undefined): DynamicModule {
    return {
      module: AccessModule,
      controllers: [ApiKeysController],
      providers: [
        ApiKeys,
        ApiKeysService,
        { provide: APP_GUARD, useClass: AccessGuard },
        url
          ? { provide: KeyStore, inject: [REDIS], useFactory: (redis: Redis) => new RedisKeyStore(redis) }
          : { provide: KeyStore, useClass: MemoryKeyStore },
      ],
    };
  }
}
