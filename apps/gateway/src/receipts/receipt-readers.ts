import { providerList, type ReceiptReader } from '@app/sms-provider';
import { createHash, timingSafeEqual } from 'node:crypto';
import type { ReceiptSettings } from './receipts.config.js';

/** The companies that may come, and how each proves that it is who it says. */
export class ReceiptReaders {
  private readonly readers: ReadonlyMap<string, ReceiptReader>;
  private readonly tokens: readonly Buffer[];

  constructor(settings: ReceiptSettings, tokens: readonly string[]) {
    this.readers = new Map(Object.entries(settings).map(([name, section]) => [name, readerOf(name, section)] as const));
    this.tokens = tokens.map(hashOf);
  }

  /** Undefined alike for who is unknown and for who does not know the token. A signed company needs none. */
  at(name: string, token: string | undefined): ReceiptReader | undefined {
    const reader = this.readers.get(name);
    const given = hashOf(token ?? '');
    const known = this.tokens.filter((one) => timingSafeEqual(one, given)).length > 0;
    return reader && (reader.signed ? token === undefined : known) ? reader : undefined;
  }
}

const readerOf = (name: string, settings: object): ReceiptReader =>
  providerList.find((definition) => definition.name === name)!.receipts!.create(settings);

const hashOf = (token: string): Buffer => createHash('sha256').update(token, 'utf8').digest();
