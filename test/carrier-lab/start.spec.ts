import { ProcessSettings, readSettings, StartRefused } from '@app/common';
import { CarrierLabSettings } from '../../apps/carrier-lab/src/carrier-lab.config.ts';
import { createCarrierLab } from '../../apps/carrier-lab/src/create-carrier-lab.ts';
import { isOpen } from '../support/until.ts';
import { startLab } from './start-lab.ts';

const sections = { process: ProcessSettings, lab: CarrierLabSettings };

it('does not start in production', async () => {
  const config = readSettings(sections, { NODE_ENV: 'production', CARRIER_LAB_PORT: '0' });
  await expect(createCarrierLab(config)).rejects.toThrow(StartRefused);
});

it('listens on port 3001 unless told otherwise', () => {
  expect(readSettings(sections, {}).lab.port).toBe(3001);
  expect(() => readSettings(sections, { CARRIER_LAB_PORT: '70000' })).toThrow(/CARRIER_LAB_PORT: .* not be greater/);
});

it('says that its port is taken', async () => {
  const lab = await startLab();
  const config = readSettings(sections, { CARRIER_LAB_PORT: String(lab.port), LOG_LEVEL: 'silent' });
  await expect(createCarrierLab(config)).rejects.toMatchObject({ code: 'EADDRINUSE', port: lab.port });
  await lab.close();
  expect(await isOpen(lab.port)).toBe(false);
});
