import type { SmsContent, SmsProvider } from './sms-provider.js';

/** Which providers, in which order. */
export class SmsRoute {
  constructor(private readonly providers: readonly SmsProvider[]) {}

  /** The providers that can carry this content, the first choice first. */
  for(content: SmsContent): readonly SmsProvider[] {
    return this.providers.filter((provider) => provider.supports(content));
  }

  async close(): Promise<void> {
    await Promise.all(this.providers.map(async (provider) => provider.close?.()));
  }
}
