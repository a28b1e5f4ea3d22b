import type { ProviderDefinition } from './define-provider.js';
import { aliyunPnvs } from './providers/aliyun-pnvs.provider.js';
import { aliyun } from './providers/aliyun.provider.js';
import { ccp } from './providers/ccp.provider.js';
import { consoleProvider } from './providers/console.provider.js';
import { tencent } from './providers/tencent.provider.js';
import { twilio } from './providers/twilio.provider.js';
import { webhook } from './providers/webhook.provider.js';

/** Every provider that `SMS_PROVIDERS` may name: a company joins by its file and an entry here. */
export const providerList: readonly ProviderDefinition[] = [
  ccp,
  aliyun,
  aliyunPnvs,
  tencent,
  twilio,
  // A service of one's own, and the one for development.
  webhook,
  consoleProvider,
];
