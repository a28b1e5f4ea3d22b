import { MessagingModule, OperationsModule, SettingsModule, SMS_WORKER_INBOX, type AppLogger } from '@app/common';
import { Module, type DynamicModule } from '@nestjs/common';
import { AccessModule } from './access/access.module.js';
import { CompaniesModule } from './companies/companies.module.js';
import { DeliveryModule } from './delivery/delivery.module.js';
import type { GatewayConfig } from './gateway.config.js';
import { IdempotencyModule } from './idempotency/idempotency.module.js';
import { LeftOversModule } from './operations/left-overs.module.js';
import { OpenApiModule } from './openapi/openapi.controller.js';
import { ReceiptsModule } from './receipts/receipts.module.js';
import { ServicesModule } from './services/services.module.js';
import { StoreModule } from './verification/store.module.js';
import { VerificationModule } from './verification/verification.module.js';

/** Outcomes under way at once, and how long the process waits for them when it ends. */
const PREFETCH = 200;
const DRAIN_MS = 10_000;

@Module({})
export class GatewayModule {
  static with({ receiptSettings = {}, companyBook, ...config }: GatewayConfig, logger: AppLogger): DynamicModule {
    return {
      module: GatewayModule,
      imports: [
        SettingsModule.of(config),
        OperationsModule.with(logger),
        MessagingModule.forConsumer({
          name: 'gateway',
          prefetch: PREFETCH,
          drainMs: DRAIN_MS,
          alsoDeclare: [SMS_WORKER_INBOX],
          worksWithoutBroker: true, // the outbox takes the texts
        }),
        StoreModule.at(config.redis.url),
        ServicesModule,
        AccessModule.at(config.redis.url),
        IdempotencyModule.at(config.redis.url),
        VerificationModule,
        DeliveryModule,
        LeftOversModule,
        CompaniesModule.at(config.redis.url, companyBook),
        OpenApiModule,
        ReceiptsModule.with(receiptSettings),
      ],
    };
  }
}
