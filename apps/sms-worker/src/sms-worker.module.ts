import { Module, type DynamicModule } from '@nestjs/common';
import {
  GATEWAY_INBOX,
  MessagingModule,
  OperationsModule,
  REDIS,
  RedisModule,
  SettingsModule,
  type AppLogger,
  type Redis,
} from '@app/common';
import { SmsProviderModule } from '@app/sms-provider';
import { handlers } from './handlers/handlers.js';
import { MemoryDeliveryLedger } from './ledger/memory-delivery-ledger.js';
import { RedisDeliveryLedger } from './ledger/redis-delivery-ledger.js';
import type { SmsWorkerConfig } from './sms-worker.config.js';

@Module({ controllers: handlers })
export class SmsWorkerModule {
  static with({ providers, ...sections }: SmsWorkerConfig, logger: AppLogger): DynamicModule {
    const { redis, sms } = sections;
    const ledger = redis.url
      ? { inject: [REDIS], useFactory: (client: Redis) => new RedisDeliveryLedger(client) }
      : { useFactory: () => new MemoryDeliveryLedger() };
    return {
      module: SmsWorkerModule,
      imports: [
        SettingsModule.of(sections),
        OperationsModule.with(logger),
        ...(redis.url ? [RedisModule.at(redis.url)] : []),
        MessagingModule.forConsumer({
          name: 'sms-worker',
          prefetch: sms.concurrency,
          alsoDeclare: [GATEWAY_INBOX],
          // A request under way ends, or is cut off and noted, within this.
          drainMs: (sms.sendTimeoutSeconds + 5) * 1000,
        }),
        SmsProviderModule.with(sms, providers, ledger),
      ],
    };
  }
}
