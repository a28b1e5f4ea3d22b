import { Module, type DynamicModule } from '@nestjs/common';
import {
  type AppLogger,
  GATEWAY_INBOX,
  MessagingModule,
  OperationsModule,
  REDIS,
  RedisModule,
  SettingsModule,
  type Redis,
} from '@app/common';
import { MemoryCompanyBook, RedisCompanyBook, SmsProviderModule } from '@app/sms-provider';
import { handlers } from './handlers/handlers.js';
import { MemoryDeliveryLedger } from './ledger/memory-delivery-ledger.js';
import { MemoryDueReceipts } from './ledger/memory-due-receipts.js';
import { MemoryReceiptBook } from './ledger/memory-receipt-book.js';
import { RedisDeliveryLedger } from './ledger/redis-delivery-ledger.js';
import { RedisDueReceipts } from './ledger/redis-due-receipts.js';
import { RedisReceiptBook } from './ledger/redis-receipt-book.js';
import type { SmsWorkerConfig } from './sms-worker.config.js';

@Module({ controllers: handlers })
export class SmsWorkerModule {
  static with(
    { providers, plan, companyBook: shared, ...sections }: SmsWorkerConfig,
    logger: AppLogger,
  ): DynamicModule {
    const { redis, sms } = sections;
    const ledger = redis.url
      ? { inject: [REDIS], useFactory: (client: Redis) => new RedisDeliveryLedger(client) }
      : { useFactory: () => new MemoryDeliveryLedger() };
    const receiptBook = redis.url
      ? { inject: [REDIS], useFactory: (client: Redis) => new RedisReceiptBook(client) }
      : { useFactory: () => new MemoryReceiptBook() };
    const dueReceipts = redis.url
      ? { inject: [REDIS], useFactory: (client: Redis) => new RedisDueReceipts(client) }
      : { useFactory: () => new MemoryDueReceipts() };
    const companyBook = redis.url
      ? { inject: [REDIS], useFactory: (client: Redis) => new RedisCompanyBook(client) }
      : { useFactory: () => shared ?? new MemoryCompanyBook() };
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
        SmsProviderModule.with(sms, { providers, plan, ledger, receiptBook, dueReceipts, companyBook }),
      ],
    };
  }
}
