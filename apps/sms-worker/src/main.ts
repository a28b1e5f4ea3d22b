import { runMain } from '@app/common';
import { createSmsWorker } from './create-sms-worker.js';
import { readSmsWorkerConfig } from './sms-worker.config.js';

await runMain(async () => {
  const config = await readSmsWorkerConfig();
  const app = await createSmsWorker(config);
  app.enableShutdownHooks(['SIGINT', 'SIGTERM'], { useProcessExit: true });
  await app.startAllMicroservices();
  await app.listen(config.http.port, config.http.host);
});
