import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  createHttpAdapter,
  createLogger,
  EventServer,
  pauseWithoutRedis,
  REDIS,
  StartRefused,
  useProblemDetails,
  type AppLogger,
  type Redis,
} from '@app/common';
import { companiesOf, providerList } from '@app/sms-provider';
import type { SmsWorkerConfig } from './sms-worker.config.js';
import { SmsWorkerModule } from './sms-worker.module.js';

/** The worker, ready for `startAllMicroservices()` (events) and `listen()` (health and metrics). */
export async function createSmsWorker(
  config: SmsWorkerConfig,
  logger: AppLogger = createLogger('sms-worker', config.process.logLevel),
): Promise<NestFastifyApplication> {
  refuseMakeBelieve(config);
  const app = await NestFactory.create<NestFastifyApplication>(
    SmsWorkerModule.with(config, logger),
    createHttpAdapter(logger),
    {
      logger,
      bodyParser: false,
      abortOnError: false,
    },
  );
  useProblemDetails(app);
  const server = app.get(EventServer);
  app.connectMicroservice({ strategy: server });
  if (config.redis.url) pauseWithoutRedis(server, app.get<Redis>(REDIS));
  return app;
}

/** @throws StartRefused for what only development may have. */
function refuseMakeBelieve({ process, redis, plan }: SmsWorkerConfig): void {
  if (!process.production) return;
  if (!redis.url)
    throw new StartRefused('NODE_ENV=production needs REDIS_URL: a ledger in memory forgets what was sent.');
  const shown = providerList.filter(({ name, developmentOnly }) => developmentOnly && companiesOf(plan).includes(name));
  if (shown.length > 0) {
    throw new StartRefused(
      `NODE_ENV=production refuses the company ${shown.map(({ name }) => name).join(',')}: it shows texts instead of sending them.`,
    );
  }
}
