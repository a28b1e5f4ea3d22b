import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { RetryPolicies, Sealer } from '@app/common';
import { DELIVERY_LEDGER } from './delivery-ledger.js';
import { HeldLedger } from './held-ledger.js';
import { Hold } from './hold.js';
import { OutcomeEvents } from './outcome-events.js';
import { ProviderCalls } from './provider-calls.js';
import { providerList } from './provider-list.js';
import { SmsRoute } from './sms-route.js';
import { SmsSender } from './sms-sender.js';
import { SMS_POLICY, smsPolicy, SmsSettings } from './sms.config.js';

/** Settings of the providers on the route, by the provider's name. */
export type ProviderSettings = Readonly<Record<string, object>>;

/** The sender, the companies on the route, and the policy that the retry interceptor applies to `sms` handlers. */
@Module({})
export class SmsProviderModule {
  constructor(policies: RetryPolicies, settings: SmsSettings) {
    policies.bind(SMS_POLICY, smsPolicy(settings));
  }

  /** `ledger` is the provider of DELIVERY_LEDGER: memory or Redis. */
  static with(
    providers: ProviderSettings,
    ledger: Omit<Extract<Provider, { provide: unknown; useFactory: unknown }>, 'provide'>,
  ): DynamicModule {
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
        {
          provide: SmsRoute,
          inject: [SmsSettings],
          useFactory: (settings: SmsSettings) => routeOf(settings, providers),
        },
      ],
      exports: [SmsSender],
    };
  }
}

const routeOf = ({ providers: names }: SmsSettings, settings: ProviderSettings): SmsRoute =>
  new SmsRoute(
    names.map((name) => providerList.find((definition) => definition.name === name)!.create(settings[name]!)),
  );
