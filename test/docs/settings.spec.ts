import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import {
  envExample,
  ProcessSettings,
  RabbitSettings,
  RedisSettings,
  SealingSettings,
  settingsTables,
  type SettingsChapter,
} from '@app/common';
import { providerList, SmsSettings } from '@app/sms-provider';
import { CarrierLabSettings } from '../../apps/carrier-lab/src/carrier-lab.config.js';
import { AccessSettings } from '../../apps/gateway/src/access/access.config.js';
import { HttpSettings } from '../../apps/gateway/src/gateway.config.js';
import { LimitSettings } from '../../apps/gateway/src/limits/limits.config.js';
import { IdempotencySettings } from '../../apps/gateway/src/idempotency/idempotency.config.js';
import { OutboxSettings } from '../../apps/gateway/src/outbox/outbox.config.js';
import { ServicesFileSettings, ServiceSettings } from '../../apps/gateway/src/services/service.config.js';
import { ReceiptsSettings } from '../../apps/gateway/src/receipts/receipts.config.js';
import { VerificationSettings } from '../../apps/gateway/src/verification/verification.config.js';
import { WorkerHttpSettings } from '../../apps/sms-worker/src/sms-worker.config.js';

const CHAPTERS: readonly SettingsChapter[] = [
  { title: 'Gateway and worker', classes: [ProcessSettings, RabbitSettings, RedisSettings, SealingSettings] },
  {
    title: 'Gateway',
    classes: [
      HttpSettings,
      AccessSettings,
      VerificationSettings,
      LimitSettings,
      IdempotencySettings,
      OutboxSettings,
      ReceiptsSettings,
      ServicesFileSettings,
      ServiceSettings,
    ],
  },
  { title: 'Worker', classes: [WorkerHttpSettings, SmsSettings] },
  ...providerList
    .filter(({ developmentOnly }) => !developmentOnly)
    .map(({ name, Settings }) => ({ title: `Provider ${name}, when SMS_PROVIDERS names it`, classes: [Settings] })),
  { title: 'Carrier lab (development only)', classes: [CarrierLabSettings] },
];

const TABLES = /(?<=<!-- settings -->\n)[\s\S]*/;

/** `UPDATE_DOCS=1 npm run jest -- test/docs` writes what the test compares. */
describe('generated documentation', () => {
  const same = (file: string, wanted: string) => {
    if (process.env.UPDATE_DOCS) writeFileSync(file, wanted);
    expect(existsSync(file) ? readFileSync(file, 'utf8') : '').toBe(wanted);
  };

  it('.env.example holds every setting', () => same('.env.example', envExample(CHAPTERS)));

  it('docs/settings.md holds every setting', () => {
    const page = readFileSync('docs/settings.md', 'utf8');
    same('docs/settings.md', page.replace(TABLES, `\n${settingsTables(CHAPTERS)}`));
  });
});
