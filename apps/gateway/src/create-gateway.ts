import {
  createHttpAdapter,
  createLogger,
  EventServer,
  pauseWithoutRedis,
  REDIS,
  useProblemDetails,
  type AppLogger,
  type Redis,
} from '@app/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { refuseMakeBelieve, type GatewayConfig } from './gateway.config.js';
import { corsOf } from './access/cors.js';
import { GatewayModule } from './gateway.module.js';
import { RECEIPTS_BODY_BYTES, RECEIPTS_PATH } from './receipts/receipts.module.js';

/**
 * HTTP in, `sms.send` out, outcomes in. Ready for `startAllMicroservices()`, which refuses a start that cannot work, and
 * then `listen()`.
 * @throws StartRefused for what only development may have.
 */
export async function createGateway(
  config: GatewayConfig,
  logger: AppLogger = createLogger('gateway', config.process.logLevel),
): Promise<NestFastifyApplication> {
  refuseMakeBelieve(config);
  const app = await NestFactory.create<NestFastifyApplication>(
    GatewayModule.with(config, logger),
    createHttpAdapter(logger, config.access.trustedProxies),
    {
      logger,
      bodyParser: false,
      abortOnError: false,
    },
  );
  useProblemDetails(app, { rawBodies: { under: RECEIPTS_PATH, bytes: RECEIPTS_BODY_BYTES } });
  if (config.access.corsOrigins.length > 0) app.enableCors(corsOf(config.access));
  takeOutcomes(app, config);
  return app;
}

function takeOutcomes(app: NestFastifyApplication, { redis }: GatewayConfig): void {
  const server = app.get(EventServer);
  app.connectMicroservice({ strategy: server });
  if (redis.url) pauseWithoutRedis(server, app.get<Redis>(REDIS));
}
