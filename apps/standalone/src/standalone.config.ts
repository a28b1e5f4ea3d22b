import { randomBytes } from 'node:crypto';
import {
  loadEnvironment,
  ProcessSettings,
  RabbitSettings,
  readSettings,
  StartRefused,
  type Environment,
} from '@app/common';
import { MemoryCompanyBook } from '@app/sms-provider';
import { CarrierLabSettings, type CarrierLabConfig, demoAccounts } from '../../carrier-lab/src/carrier-lab.config.js';
import { gatewayConfig, type GatewayConfig } from '../../gateway/src/gateway.config.js';
import { smsWorkerConfig, type SmsWorkerConfig } from '../../sms-worker/src/sms-worker.config.js';

/** What is embedded and what is real: real is what the environment names. */
export interface StandaloneParts {
  readonly lab: CarrierLabConfig;
  readonly rabbitUrl: string | undefined;
  /** The apps' configurations, once it is known where the broker and the make-believe company listen. */
  apps(at: { readonly rabbitUrl: string; readonly labUrl: string }): {
    gateway: GatewayConfig;
    worker: SmsWorkerConfig;
  };
}

/** @throws StartRefused in production, SettingsError for a setting that is wrong. */
export async function readStandaloneParts(): Promise<StandaloneParts> {
  const environment = await loadEnvironment();
  const { process, lab } = readSettings({ process: ProcessSettings, lab: CarrierLabSettings }, environment);
  if (process.production) {
    throw new StartRefused(
      'npm start is the demo: everything in one process, nothing durable. With NODE_ENV=production start the two apps instead: node dist/apps/gateway/src/main.js and node dist/apps/sms-worker/src/main.js.',
    );
  }
  return {
    lab: { process, lab },
    rabbitUrl: isNamed(environment, 'RABBITMQ_URL')
      ? readSettings({ rabbit: RabbitSettings }, environment).rabbit.urls.join(',')
      : undefined,
    apps: (at) => readApps(environment, at, lab.receiptToken),
  };
}

function readApps(
  environment: Environment,
  { rabbitUrl, labUrl }: { rabbitUrl: string; labUrl: string },
  receiptToken: string,
) {
  const inMemory = !isNamed(environment, 'REDIS_URL');
  const complete: Environment = {
    // Without a real Redis nothing outlives the process, so keys that die with it lose nothing.
    SEALING_KEYS: `standalone:${randomBytes(32).toString('base64')}`,
    HASH_KEYS: `standalone:${randomBytes(32).toString('base64')}`,
    ...(inMemory ? { REDIS_URL: 'redis://none' } : {}),
    DEFAULT_REGION: 'CN',
    RECEIPT_PROVIDERS: 'ccp',
    RECEIPT_TOKENS: receiptToken,
    ...demoAccounts(labUrl),
    ...Object.fromEntries(Object.entries(environment).filter(([, value]) => value)),
    RABBITMQ_URL: rabbitUrl,
  };
  const gateway = gatewayConfig(complete);
  const worker = smsWorkerConfig(complete);
  if (!inMemory) return { gateway, worker };
  gateway.redis.url = worker.redis.url = undefined;
  const companyBook = new MemoryCompanyBook();
  return { gateway: { ...gateway, companyBook }, worker: { ...worker, companyBook } };
}

const isNamed = (environment: Environment, name: string): boolean =>
  Boolean(environment[name] || environment[`${name}_FILE`]);
