import { createLogger, StartRefused } from '@app/common';
import { ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { CarrierLabConfig } from './carrier-lab.config.js';
import { CarrierLabModule } from './carrier-lab.module.js';
import { Faults } from './faults/faults.js';
import { BACKLOG, FrontDoor, HOST } from './front-door.js';
import { Inbox } from './inbox/inbox.js';
import { ProblemFilter, problemOf } from './problem.filter.js';
import { ReceiptSender } from './receipts/receipt-sender.js';
import { Stats } from './stats/stats.js';

export interface CarrierLab {
  /** `http://127.0.0.1:<port>`: base URL of every company's API here, and of the lab's own. */
  readonly url: string;
  readonly port: number;
  readonly inbox: Inbox;
  readonly faults: Faults;
  readonly stats: Stats;
  readonly receipts: ReceiptSender;
  /** Cuts every connection, held requests included. */
  close(): Promise<void>;
}

/** A make-believe SMS company on loopback: it speaks real companies' APIs, keeps the texts, and fails as it is told to. */
export async function createCarrierLab(config: CarrierLabConfig): Promise<CarrierLab> {
  if (config.process.production) {
    throw new StartRefused(
      'The carrier lab only pretends to send texts and shows every code: it does not start with NODE_ENV=production. Configure a real SMS company instead.',
    );
  }
  const logger = createLogger('carrier-lab', config.process.logLevel);
  const adapter = new FastifyAdapter({
    bodyLimit: 64 * 1024,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true }, // `/aliyun` is that company's `/`
  });
  const app = await NestFactory.create<NestFastifyApplication>(CarrierLabModule.of(config, logger), adapter, {
    logger,
    abortOnError: false,
    rawBody: true, // what is signed are the bytes
  });
  app.useGlobalPipes(
    new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true, exceptionFactory: problemOf }),
  );
  app.useGlobalFilters(new ProblemFilter(logger));
  const stats = app.get(Stats);
  app.getHttpServer().on('connection', () => stats.connected());
  try {
    await app.listen({ port: config.lab.port, host: HOST, backlog: BACKLOG });
  } catch (error) {
    await app.close();
    throw error;
  }
  const { port } = app.get(FrontDoor);
  const url = `http://${HOST}:${port}`;
  logger.info({ url }, 'the carrier lab listens');
  return {
    url,
    port,
    inbox: app.get(Inbox),
    faults: app.get(Faults),
    stats,
    receipts: app.get(ReceiptSender),
    close: () => app.close(),
  };
}
