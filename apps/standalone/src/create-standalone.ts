import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startEmbeddedBroker, type EmbeddedBroker } from '@app/embedded-broker';
import { createCarrierLab, type CarrierLab } from '../../carrier-lab/src/create-carrier-lab.js';
import { createGateway } from '../../gateway/src/create-gateway.js';
import { createSmsWorker } from '../../sms-worker/src/create-sms-worker.js';
import type { StandaloneParts } from './standalone.config.js';

export interface Standalone {
  readonly gatewayUrl: string;
  readonly workerUrl: string;
  readonly labUrl: string;
  /** Undefined where a real RabbitMQ is used. */
  readonly broker: EmbeddedBroker | undefined;
  readonly storesInMemory: boolean;
  close(): Promise<void>;
}

const DEFAULT_BROKER_PORT = 5672;
const PORTS_TO_TRY = 20;

/**
 * Gateway, worker, make-believe company and, where no real one is named, broker and stores in this process. The worker
 * sends through the real CCP provider, over real sockets: the demo runs the production code.
 */
export async function createStandalone(parts: StandaloneParts): Promise<Standalone> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const broker = parts.rabbitUrl ? undefined : await startBroker();
    if (broker) closers.push(() => broker.close());
    const lab: CarrierLab = await createCarrierLab(parts.lab);
    closers.push(() => lab.close());
    const { gateway, worker } = parts.apps({ rabbitUrl: parts.rabbitUrl ?? broker!.url, labUrl: lab.url });
    const gatewayUrl = await start(await createGateway(gateway), gateway.http, closers);
    if (parts.lab.lab.receiptsUrl === undefined) lab.receipts.sendTo(`${gatewayUrl}/v1/receipts`);
    const workerUrl = await start(await createSmsWorker(worker), worker.http, closers);
    return { gatewayUrl, workerUrl, labUrl: lab.url, broker, storesInMemory: !gateway.redis.url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(
  app: NestFastifyApplication,
  { port, host }: { port: number; host: string },
  closers: (() => Promise<unknown>)[],
): Promise<string> {
  closers.push(() => app.close());
  await app.startAllMicroservices();
  await app.listen(port, host);
  return (await app.getUrl())
    .replace('[::1]', 'localhost')
    .replace('127.0.0.1', 'localhost')
    .replace('0.0.0.0', 'localhost');
}

/** On RabbitMQ's own port, or the next one that is free. */
async function startBroker(): Promise<EmbeddedBroker> {
  for (let port = DEFAULT_BROKER_PORT; ; port++) {
    try {
      return await startEmbeddedBroker({ port });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || port === DEFAULT_BROKER_PORT + PORTS_TO_TRY)
        throw error;
    }
  }
}
