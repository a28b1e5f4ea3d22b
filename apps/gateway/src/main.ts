import { AppLogger, runMain } from '@app/common';
import { startGateway } from './create-gateway.js';
import { readGatewayConfig } from './gateway.config.js';

await runMain(async () => {
  const app = await startGateway(await readGatewayConfig());
  app.enableShutdownHooks(['SIGINT', 'SIGTERM'], { useProcessExit: true });
  app.get(AppLogger).info({ url: await app.getUrl() }, 'gateway listens');
});
