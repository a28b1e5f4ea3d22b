import {
  loadEnvironment,
  ProcessSettings,
  RabbitSettings,
  readSettings,
  RedisSettings,
  SealingSettings,
  Setting,
  StartRefused,
  type ConfigOf,
  type Environment,
} from '@app/common';
import type { CompanyBook } from '@app/sms-provider';
import { IsInt, IsNotEmpty, Max, Min } from 'class-validator';
import { AccessSettings } from './access/access.config.js';
import { LimitSettings } from './limits/limits.config.js';
import { IdempotencySettings } from './idempotency/idempotency.config.js';
import { OutboxSettings } from './outbox/outbox.config.js';
import { readReceiptSettings, ReceiptsSettings, type ReceiptSettings } from './receipts/receipts.config.js';
import { ServicesFileSettings, ServiceSettings } from './services/service.config.js';
import { VerificationSettings } from './verification/verification.config.js';

export class HttpSettings {
  @Setting({ env: 'PORT', about: 'TCP port of the HTTP API, 0 to 65535; 0 takes a free one.', example: '3000' })
  @IsInt()
  @Min(0)
  @Max(65535)
  port: number = 3000;

  @Setting({
    env: 'HOST',
    about: 'Address that the HTTP API listens on; 0.0.0.0 in a container.',
    example: '0.0.0.0',
  })
  @IsNotEmpty()
  host: string = '127.0.0.1';
}

export const gatewaySections = {
  process: ProcessSettings,
  http: HttpSettings,
  rabbit: RabbitSettings,
  redis: RedisSettings,
  sealing: SealingSettings,
  verification: VerificationSettings,
  service: ServiceSettings,
  servicesFile: ServicesFileSettings,
  limits: LimitSettings,
  outbox: OutboxSettings,
  access: AccessSettings,
  idempotency: IdempotencySettings,
  receipts: ReceiptsSettings,
};

export type GatewayConfig = ConfigOf<typeof gatewaySections> & {
  /** Of the companies whose receipts are taken; absent: of none. */
  readonly receiptSettings?: ReceiptSettings;
  /** Without Redis: what a worker of the same process has as well. */
  readonly companyBook?: CompanyBook;
};

export const readGatewayConfig = async (): Promise<GatewayConfig> => gatewayConfig(await loadEnvironment());

export function gatewayConfig(environment: Environment): GatewayConfig {
  const sections = readSettings(gatewaySections, environment);
  return { ...sections, receiptSettings: readReceiptSettings(sections.receipts, environment) };
}

/** @throws StartRefused for what only development may have. */
export function refuseMakeBelieve({ process, redis, access }: GatewayConfig): void {
  if (process.production && !redis.url) {
    throw new StartRefused('NODE_ENV=production needs REDIS_URL: verifications in memory end with the process.');
  }
  if (process.production && access.apiKeys.length === 0) {
    throw new StartRefused(
      'NODE_ENV=production needs API_KEYS: without keys whoever reaches the port may send texts. Make one: otpost keys create --id shop --scopes verify --print',
    );
  }
}
