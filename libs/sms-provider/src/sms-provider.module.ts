import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { RECEIPTS_POLICY, RetryPolicies, Sealer, StartRefused } from '@app/common';
import { DELIVERY_LEDGER } from './delivery-ledger.js';
import { Endings } from './endings.js';
import { HeldLedger } from './held-ledger.js';
import { Hold } from './hold.js';
import { OutcomeEvents } from './outcome-events.js';
import { ProviderCalls } from './provider-calls.js';
import { providerList } from './provider-list.js';
import { DUE_RECEIPTS } from './receipts/due-receipts.js';
import { ExpectedReceipts } from './receipts/expected-receipts.js';
import { MissingReceipts } from './receipts/missing-receipts.js';
import { RECEIPT_BOOK } from './receipts/receipt-book.js';
import { Receipts } from './receipts/receipts.js';
import { Requests } from './requests.js';
import { Companies } from './routes/companies.js';
import { COMPANY_BOOK } from './routes/company-book.js';
import { CompanyWatch } from './routes/company-watch.js';
import { refuseEmptyRoutes } from './routes/coverage.js';
import { Pauses } from './routes/pauses.js';
import { companiesOf, everyRouteOf, ROUTING_PLAN, type RoutingPlan } from './routes/routing-plan.js';
import { SmsRoutes } from './sms-route.js';
import { SmsSender } from './sms-sender.js';
import type { SmsProvider } from './sms-provider.js';
import { StatusQueries } from './status-queries.js';
import { RECEIPTS, SMS_POLICY, smsPolicy, SmsSettings, smsTemplates } from './sms.config.js';
import { neverSent, templateProblems } from './templates/check-templates.js';
import { SmsTemplates } from './templates/sms-templates.js';
import { TemplateWarnings } from './templates/template-warnings.js';
import { UnaskedTexts } from './unasked-texts.js';

/** Settings of the providers on the routes, by the provider's name. */
export type ProviderSettings = Readonly<Record<string, object>>;

type Factory = Omit<Extract<Provider, { provide: unknown; useFactory: unknown }>, 'provide'>;

export interface SmsProviderOptions {
  readonly providers: ProviderSettings;
  readonly plan: RoutingPlan;
  /** Makes the DELIVERY_LEDGER: memory or Redis. */
  readonly ledger: Factory;
  /** Makes the RECEIPT_BOOK: memory or Redis. */
  readonly receiptBook: Factory;
  /** Makes the DUE_RECEIPTS: memory or Redis. */
  readonly dueReceipts: Factory;
  /** Makes the COMPANY_BOOK: memory or Redis. */
  readonly companyBook: Factory;
}

/** The sender, the companies on the routes, and the policy that the retry interceptor applies to `sms` handlers. */
@Module({})
export class SmsProviderModule {
  constructor(policies: RetryPolicies, settings: SmsSettings) {
    policies.bind(SMS_POLICY, smsPolicy(settings));
    policies.bind(RECEIPTS, RECEIPTS_POLICY);
  }

  /** @throws StartRefused where a text can never be sent as it is configured. */
  static with(
    settings: SmsSettings,
    { providers, plan, ledger, receiptBook, dueReceipts, companyBook }: SmsProviderOptions,
  ): DynamicModule {
    const names = companiesOf(plan);
    const companies = new Map(createProviders(names, providers).map((company) => [company.name, company]));
    const templates = smsTemplates(settings);
    refuseUnsaid(plan, companies, templates, settings.codeLength);
    refuseEmptyRoutes(everyRouteOf(plan), companies);
    return {
      module: SmsProviderModule,
      providers: [
        Sealer,
        Hold,
        HeldLedger,
        Companies,
        Pauses,
        CompanyWatch,
        ProviderCalls,
        OutcomeEvents,
        StatusQueries,
        ExpectedReceipts,
        Receipts,
        MissingReceipts,
        Requests,
        Endings,
        UnaskedTexts,
        SmsSender,
        { ...ledger, provide: DELIVERY_LEDGER },
        { ...receiptBook, provide: RECEIPT_BOOK },
        { ...dueReceipts, provide: DUE_RECEIPTS },
        { ...companyBook, provide: COMPANY_BOOK },
        TemplateWarnings,
        { provide: SmsTemplates, useValue: templates },
        { provide: ROUTING_PLAN, useValue: plan },
        { provide: SmsRoutes, useValue: new SmsRoutes(plan, companies) },
      ],
      exports: [SmsSender, Receipts],
    };
  }
}

/** The companies of these names, in this order, made from their settings. */
export const createProviders = (names: readonly string[], settings: ProviderSettings): SmsProvider[] =>
  names.map((name) => providerList.find((definition) => definition.name === name)!.create(settings[name]!));

function refuseUnsaid(
  plan: RoutingPlan,
  companies: ReadonlyMap<string, SmsProvider>,
  templates: SmsTemplates,
  codeLength: number,
): void {
  const problems = everyRouteOf(plan).flatMap((route) =>
    templateProblems(
      route.companies.map(({ company }) => companies.get(company)!),
      templates,
      codeLength,
    ),
  );
  problems.push(...neverSent([...companies.values()], templates));
  if (problems.length === 0) return;
  const lines = [...new Set(problems)].map((problem) => `  ${problem}`);
  throw new StartRefused(`These texts cannot be sent:\n${lines.join('\n')}`);
}
