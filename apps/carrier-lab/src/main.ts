import { runMain } from '@app/common';
import { readCarrierLabConfig } from './carrier-lab.config.js';
import { createCarrierLab } from './create-carrier-lab.js';

await runMain(async () => {
  const lab = await createCarrierLab(await readCarrierLabConfig());
  // Nothing else keeps the process: once the lab is closed it ends by itself, with 0.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void lab.close());
});
