import { IsInt, IsString, Max, Min } from 'class-validator';
import {
  loadEnvironment,
  ProcessSettings,
  RabbitSettings,
  readSettings,
  RedisSettings,
  SealingSettings,
  Setting,
  type ConfigOf,
  type Environment,
} from '@app/common';
import {
  planIn,
  providerSections,
  SmsSettings,
  type CompanyBook,
  type ProviderSettings,
  type RoutingPlan,
} from '@app/sms-provider';

/** Where health and metrics of the worker are asked for. */
export class WorkerHttpSettings {
  @Setting({ env: 'SMS_WORKER_PORT', about: 'Port of /livez, /readyz and /metrics of the worker.', example: '3010' })
  @IsInt()
  @Min(0)
  @Max(65535)
  port: number = 3010;

  @Setting({
    env: 'SMS_WORKER_HOST',
    about: 'Address that the worker listens on; 0.0.0.0 in a container.',
    example: '0.0.0.0',
  })
  @IsString()
  host: string = '127.0.0.1';
}

export const smsWorkerSections = {
  process: ProcessSettings,
  http: WorkerHttpSettings,
  rabbit: RabbitSettings,
  redis: RedisSettings,
  sealing: SealingSettings,
  sms: SmsSettings,
};

export type SmsWorkerConfig = ConfigOf<typeof smsWorkerSections> & {
  /** Of the companies on the routes. */
  readonly providers: ProviderSettings;
  readonly plan: RoutingPlan;
  /** Without Redis: what a gateway of the same process has as well. */
  readonly companyBook?: CompanyBook;
};

export const readSmsWorkerConfig = async (): Promise<SmsWorkerConfig> => smsWorkerConfig(await loadEnvironment());

export function smsWorkerConfig(environment: Environment): SmsWorkerConfig {
  const plan = planIn(environment);
  const companies = providerSections(plan);
  const prefixed = Object.entries(companies).map(([name, Settings]) => [`provider:${name}`, Settings]);
  const config: Record<string, object> & ConfigOf<typeof smsWorkerSections> = readSettings(
    { ...(Object.fromEntries(prefixed) as typeof companies), ...smsWorkerSections },
    environment,
  );
  const { process, http, rabbit, redis, sealing, sms } = config;
  const providers = Object.fromEntries(Object.keys(companies).map((name) => [name, config[`provider:${name}`]!]));
  return { process, http, rabbit, redis, sealing, sms, providers, plan };
}
