import { REDIS, RedisModule, type Redis } from '@app/common';
import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { Counters } from '../limits/counters.js';
import { MemoryCounters } from '../limits/memory-counters.js';
import { RedisCounters } from '../limits/redis-counters.js';
import { MemoryOutbox } from '../outbox/memory-outbox.js';
import { OutboxSettings } from '../outbox/outbox.config.js';
import { entriesPerTag, Outbox } from '../outbox/outbox.js';
import { RedisOutbox } from '../outbox/redis-outbox.js';
import { MemoryVerificationStore } from './memory-verification-store.js';
import { RedisVerificationStore } from './redis-verification-store.js';
import { TAGS } from './verification-id.js';
import { VerificationStore } from './verification-store.js';

const perTag = ({ max }: OutboxSettings) => entriesPerTag(max, TAGS.length);

@Module({})
export class StoreModule {
  /** Without a URL verifications and texts live in memory: only a program that composes the process can ask for that. */
  static at(url: string | undefined): DynamicModule {
    return {
      module: StoreModule,
      global: true,
      imports: url ? [RedisModule.at(url)] : [],
      providers: url ? inRedis : inMemory,
      exports: [VerificationStore, Outbox, Counters],
    };
  }
}

const inRedis: Provider[] = [
  {
    provide: VerificationStore,
    inject: [REDIS, OutboxSettings],
    useFactory: (redis: Redis, settings: OutboxSettings) => new RedisVerificationStore(redis, perTag(settings)),
  },
  { provide: Outbox, inject: [REDIS], useFactory: (redis: Redis) => new RedisOutbox(redis) },
  { provide: Counters, inject: [REDIS], useFactory: (redis: Redis) => new RedisCounters(redis) },
];

const inMemory: Provider[] = [
  {
    provide: Outbox,
    inject: [OutboxSettings],
    useFactory: (settings: OutboxSettings) => new MemoryOutbox(perTag(settings)),
  },
  {
    provide: VerificationStore,
    inject: [Outbox],
    useFactory: (outbox: MemoryOutbox) => new MemoryVerificationStore(outbox),
  },
  { provide: Counters, useFactory: () => new MemoryCounters() },
];
