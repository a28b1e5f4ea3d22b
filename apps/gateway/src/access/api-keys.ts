import { Injectable } from '@nestjs/common';
import { createHash, timingSafeEqual } from 'node:crypto';
import { AccessSettings, entriesOf, type KeyEntry } from './access.config.js';
import type { Caller } from './caller.js';

/** The keys that open the API. Only their hashes are known here: 256 random bits need no slow hash. */
@Injectable()
export class ApiKeys {
  private readonly entries: readonly KeyEntry[];

  constructor(settings: AccessSettings) {
    this.entries = entriesOf(settings);
  }

  get none(): boolean {
    return this.entries.length === 0;
  }

  /** Compares with every key there is, whichever it is: the time tells nothing. */
  callerOf(key: string): Caller | undefined {
    const hash = createHash('sha256').update(key, 'utf8').digest();
    const matching = this.entries.filter((entry) => timingSafeEqual(entry.hash, hash));
    return matching[0];
  }
}
