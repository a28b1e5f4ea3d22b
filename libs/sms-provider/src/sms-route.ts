import type { SmsSend } from '@app/common';
import type { SmsContent, SmsProvider } from './sms-provider.js';
import { orderOf, routeFor } from './routes/match.js';
import type { RoutingPlan } from './routes/routing-plan.js';

/** One text's way: the companies that can carry it, the first choice first, and what each costs there. */
export interface SmsWay {
  /** Undefined where no route fits. */
  readonly route: string | undefined;
  readonly providers: readonly SmsProvider[];
  costOf(provider: string): number | undefined;
}

/** The routes and the companies on them. */
export class SmsRoutes {
  constructor(
    private readonly plan: RoutingPlan,
    private readonly providers: ReadonlyMap<string, SmsProvider>,
  ) {}

  /** Undefined: the text names a set that is not there. The other routes are none for it, it may not go to their companies. */
  for(
    content: SmsContent,
    { messageId, purpose, routes }: Pick<SmsSend, 'messageId' | 'purpose' | 'routes'>,
  ): SmsWay | undefined {
    const own = routes === undefined ? this.plan : this.plan.sets?.find(({ name }) => name === routes);
    if (!own) return undefined;
    const route = routeFor(own.routes, { to: content.to, purpose });
    const stops = route ? orderOf(route, messageId) : [];
    return {
      route: route?.name,
      providers: stops
        .map(({ company }) => this.providers.get(company)!)
        .filter((provider) => provider.supports(content)),
      costOf: (provider) => stops.find(({ company }) => company === provider)?.cost,
    };
  }

  get companies(): readonly SmsProvider[] {
    return [...this.providers.values()];
  }

  /** Undefined for a company that is on no route. */
  company(name: string): SmsProvider | undefined {
    return this.providers.get(name);
  }

  async close(): Promise<void> {
    await Promise.all([...this.providers.values()].map(async (provider) => provider.close?.()));
  }
}
