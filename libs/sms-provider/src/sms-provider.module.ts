import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { RetryPolicies, Sealer, StartRefused } from '@app/common';
import { DELIVERY_LEDGER } from './delivery-ledger.js';
import { HeldLedger } from './held-ledger.js';
import { Hold } from './hold.js';
import { OutcomeEvents } from './outcome-events.js';
import { ProviderCalls } from './provider-calls.js';
import { providerList } from './provider-list.js';
import { SmsRoute } from './sms-route.js';
import { SmsSender } from './sms-sender.js';
import type { SmsProvider } from './sms-provider.js';
import { SMS_POLICY, smsPolicy, SmsSettings, smsTemplates } from './sms.config.js';
import { templateProblems } from './templates/check-templates.js';
import { SmsTemplates } from './templates/sms-templates.js';

/** Settings of the providers on the route, by the provider's name. */
export type ProviderSettings = Readonly<Record<string, object>>;

/** The sender, the companies on the route, and the policy that the retry interceptor applies to `sms` handlers. */
@Module({})
export class SmsProviderModule {
  constructor(policies: RetryPolicies, settings: SmsSettings) {
    policies.bind(SMS_POLICY, smsPolicy(settings));
  }

  /**
   * `ledger` is the provider of DELIVERY_LEDGER: memory or Redis.
   * @throws StartRefused where a text can never be sent as it is configured.
   */
  static with(
    settings: SmsSettings,
    providers: ProviderSettings,
    ledger: Omit<Extract<Provider, { provide: unknown; useFactory: unknown }>, 'provide'>,
  ): DynamicModule {
    const companies = createProviders(settings.providers, providers);
    const templates = smsTemplates(settings);
    const problems = templateProblems(companies, templates, settings.codeLength);
    if (problems.length > 0)
      throw new StartRefused(`These texts cannot be sent:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    return {
      module: SmsProviderModule,
      providers: [
        Sealer,
        Hold,
        HeldLedger,
        ProviderCalls,
        OutcomeEvents,
        SmsSender,
        { ...ledger, provide: DELIVERY_LEDGER },
        { provide: SmsTemplates, useValue: templates },
        { provide: SmsRoute, useValue: new SmsRoute(companies) },
      ],
      exports: [SmsSender],
    };
  }
}

/** The companies of these names, in this order, made from their settings. */
export const createProviders = (names: readonly string[], settings: ProviderSettings): SmsProvider[] =>
  names.map((name) => providerList.find((definition) => definition.name === name)!.create(settings[name]!));
