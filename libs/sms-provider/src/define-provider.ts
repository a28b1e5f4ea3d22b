import type { SettingsClass } from '@app/common';
import type { ReceiptReader } from './receipt-reader.js';
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
  /** Where the company tells later what became of texts; made in the gateway. */
  readonly receipts?: ReceiptDefinition;
}

/** `Settings` are few: the gateway needs no right to send. */
export interface ReceiptDefinition {
  readonly Settings: SettingsClass;
  readonly create: (settings: object) => ReceiptReader;
}

/** Ties a reader of receipts to the settings class that it is made from. */
export const defineReceipts = <T extends object>(definition: {
  Settings: SettingsClass<T>;
  create: (settings: T) => ReceiptReader;
}): ReceiptDefinition => ({ ...definition, create: (settings) => definition.create(settings as T) });

/** Ties a provider to the settings class that it is made from. */
export function defineProvider<T extends object>(definition: {
  name: string;
  Settings: SettingsClass<T>;
  developmentOnly?: boolean;
  create: (settings: T) => SmsProvider;
  receipts?: ReceiptDefinition;
}): ProviderDefinition {
  return { developmentOnly: false, ...definition, create: (settings) => definition.create(settings as T) };
}
