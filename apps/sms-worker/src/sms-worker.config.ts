import { IsInt, IsString, Max, Min } from 'class-validator';
import {
  loadEnvironment,
  ProcessSettings,
  RabbitSettings,
  readSettings,
  RedisSettings,
  SealingSettings,
  Setting,
  settingText,
  type ConfigOf,
  type Environment,
} from '@app/common';
import { providerList, SmsSettings, type ProviderSettings } from '@app/sms-provider';

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
  /** Of the companies on the route. */
  readonly providers: ProviderSettings;
};

export const readSmsWorkerConfig = async (): Promise<SmsWorkerConfig> => smsWorkerConfig(await loadEnvironment());

/** Only the companies that `SMS_PROVIDERS` names are read, so that nobody has to fill in the others. */
export function smsWorkerConfig(environment: Environment): SmsWorkerConfig {
  const named =
    settingText('SMS_PROVIDERS', environment)
      ?.split(',')
      .map((name) => name.trim()) ?? [];
  const onRoute = providerList.filter(({ name }) => named.includes(name));
  const companies = Object.fromEntries(onRoute.map(({ name, Settings }) => [`provider:${name}`, Settings]));
  const config: Record<string, object> & ConfigOf<typeof smsWorkerSections> = readSettings(
    { ...companies, ...smsWorkerSections },
    environment,
  );
  const { process, http, rabbit, redis, sealing, sms } = config;
  const providers = Object.fromEntries(onRoute.map(({ name }) => [name, config[`provider:${name}`]!]));
  return { process, http, rabbit, redis, sealing, sms, providers };
}
