import type { SettingsClass } from '@app/common';
import type { SmsProvider } from './sms-provider.js';

/** What the list in `provider-list.ts` holds: how a company is called, set up and made. */
export interface ProviderDefinition {
  /** As `SMS_PROVIDERS` names it. */
  readonly name: string;
  /** Read from the environment only when the provider is on the route. */
  readonly Settings: SettingsClass;
  /** Refused in production: shows texts instead of sending them. */
  readonly developmentOnly: boolean;
  readonly create: (settings: object) => SmsProvider;
}

/** Ties a provider to the settings class that it is made from. */
export function defineProvider<T extends object>(definition: {
  name: string;
  Settings: SettingsClass<T>;
  developmentOnly?: boolean;
  create: (settings: T) => SmsProvider;
}): ProviderDefinition {
  return { developmentOnly: false, ...definition, create: (settings) => definition.create(settings as T) };
}
