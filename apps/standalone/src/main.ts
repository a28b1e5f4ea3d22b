import { runMain } from '@app/common';
import { banner } from './banner.js';
import { createStandalone } from './create-standalone.js';
import { readStandaloneParts } from './standalone.config.js';

await runMain(async () => {
  const standalone = await createStandalone(await readStandaloneParts());
  process.stdout.write(banner(standalone));
  let ending = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (ending) process.exit(1); // asked twice: texts under way are not waited for
      ending = true;
      void standalone.close().then(() => process.exit(0));
    });
  }
});
