import type { OutboundSms, SmsProvider } from './sms-provider.js';

/** Which providers, in which order. */
export class SmsRoute {
  constructor(private readonly providers: readonly SmsProvider[]) {}

  /** The providers that can carry this message, the first choice first. */
  for(message: OutboundSms): readonly SmsProvider[] {
    return this.providers.filter((provider) => provider.supports(message));
  }

  async close(): Promise<void> {
    await Promise.all(this.providers.map(async (provider) => provider.close?.()));
  }
}
