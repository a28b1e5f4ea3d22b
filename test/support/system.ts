import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { randomBytes, randomInt } from 'node:crypto';
import { EventServer, ProcessSettings, Readiness, readSettings, type Environment } from '@app/common';
import { MemoryCompanyBook } from '@app/sms-provider';
import { CarrierLabSettings, DEMO_RECEIPT_TOKEN, demoAccounts } from '../../apps/carrier-lab/src/carrier-lab.config.js';
import { createCarrierLab, type CarrierLab } from '../../apps/carrier-lab/src/create-carrier-lab.js';
import { createGateway } from '../../apps/gateway/src/create-gateway.js';
import { gatewayConfig } from '../../apps/gateway/src/gateway.config.js';
import { createSmsWorker } from '../../apps/sms-worker/src/create-sms-worker.js';
import { smsWorkerConfig } from '../../apps/sms-worker/src/sms-worker.config.js';
import { roomyLimits } from './roomy-limits.js';
import { until } from './until.js';

/** The services a system runs on; without Redis the stores are in memory. */
export interface SystemServices {
  readonly rabbitUrl: string;
  readonly redisUrl?: string;
}

/** Gateway, worker and carrier lab in this process, made by the very functions that the processes are made by. */
export interface System {
  readonly gateway: NestFastifyApplication;
  readonly worker: NestFastifyApplication;
  readonly lab: CarrierLab;
  readonly environment: Environment;
  /** Where companies tell what became of texts. */
  readonly receiptsUrl: string;
  post(path: string, body?: unknown): Promise<HttpAnswer>;
  get(path: string): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: AnswerBody;
}

/** What tests look at in a body. */
export interface AnswerBody {
  readonly id: string;
  readonly status: string;
  readonly code: string;
  readonly valid: boolean;
  readonly retryAfter: number;
  readonly delivery: { readonly status: string };
  readonly timeline: readonly Record<string, unknown>[];
}

/** Settings that any two of our processes can share in a test. */
export const systemEnvironment = (
  { rabbitUrl, redisUrl }: SystemServices,
  labUrl: string,
  more: Environment = {},
): Environment => ({
  LOG_LEVEL: 'silent',
  RABBITMQ_URL: rabbitUrl,
  REDIS_URL: redisUrl ?? 'redis://none',
  SEALING_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  HASH_KEYS: `h1:${randomBytes(32).toString('base64')}`,
  DEFAULT_REGION: 'CN',
  HOST: '127.0.0.1',
  PORT: '0',
  SMS_WORKER_PORT: '0',
  ...demoAccounts(labUrl),
  ...roomyLimits,
  ...more,
});

/** The gateway takes the lab's receipts in CCP's name. */
export const RECEIPTS_OF_CCP = { RECEIPT_PROVIDERS: 'ccp', RECEIPT_TOKENS: DEMO_RECEIPT_TOKEN };

/** A lab on a free port. */
export const startLab = (): Promise<CarrierLab> => {
  const settings = readSettings(
    { process: ProcessSettings, lab: CarrierLabSettings },
    { LOG_LEVEL: 'silent', CARRIER_LAB_PORT: '0' },
  );
  return createCarrierLab(settings);
};

export async function startSystem(services: SystemServices, more: Environment = {}): Promise<System> {
  const lab = await startLab();
  const environment = systemEnvironment(services, lab.url, more);
  const gatewaySettings = gatewayConfig(environment);
  const workerSettings = smsWorkerConfig(environment);
  if (!services.redisUrl) gatewaySettings.redis.url = workerSettings.redis.url = undefined;
  const companyBook = new MemoryCompanyBook();
  const gateway = await createGateway({ ...gatewaySettings, companyBook });
  const worker = await createSmsWorker({ ...workerSettings, companyBook });
  for (const app of [gateway, worker]) {
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    await until('the app is ready', 10, () => Object.keys(app.get(Readiness).troubles()).length === 0);
  }
  const url = await gateway.getUrl();
  return {
    gateway,
    worker,
    lab,
    environment,
    receiptsUrl: `${url}/v1/receipts`,
    post: (path, body = {}) => request(`${url}${path}`, 'POST', body),
    get: (path) => request(`${url}${path}`, 'GET'),
    async close() {
      await worker.close();
      await gateway.close();
      await lab.close();
    },
  };
}

export async function request(url: string, method: string, body?: unknown): Promise<HttpAnswer> {
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as AnswerBody };
}

export const serverOf = (app: NestFastifyApplication): EventServer => app.get(EventServer);

/** A mainland number that no other test has. */
export const newNumber = (): string => `+86139${String(randomInt(10 ** 8)).padStart(8, '0')}`;

/** The code in the last text to this number; waits for it. */
export const codeFor = async (lab: CarrierLab, to: string, seconds = 5): Promise<string> =>
  (await until(`a text to ${to}`, seconds, () => lab.inbox.list(to)[0])).code!;
