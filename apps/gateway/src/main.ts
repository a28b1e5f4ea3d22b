import { AppLogger, runMain } from '@app/common';
import { createGateway } from './create-gateway.js';
import { readGatewayConfig } from './gateway.config.js';
import { Services } from './services/services.js';

await runMain(async () => {
  const config = await readGatewayConfig();
  const app = await createGateway(config);
  app.enableShutdownHooks(['SIGINT', 'SIGTERM'], { useProcessExit: true });
  process.on('SIGHUP', () => app.get(Services, { strict: false }).reload());
  await app.startAllMicroservices();
  await app.listen(config.http.port, config.http.host);
  app.get(AppLogger).info({ url: await app.getUrl() }, 'gateway listens');
});
