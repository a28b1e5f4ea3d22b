import { AppLogger } from '@app/common';
import { Inject, Injectable } from '@nestjs/common';
import { timingSafeEqual } from 'node:crypto';
import { AccessSettings, entriesOf, type KeyEntry } from './access.config.js';
import { hashOf, isExpired, isValid, looksLikeSecret } from './api-key.js';
import type { Caller } from './caller.js';
import { KeyCache } from './key-cache.js';
import { KeyStore, MOST_KEYS, type KeptKey } from './key-store.js';
import { isInside } from './network.js';

export type Refusal = 'unknown_key' | 'expired_key' | 'address';

/** How exactly it is known when a key was last used. */
const USED_MS = 3600_000;

/** The keys that open the API: those of API_KEYS, which need no Redis, and those that the API made. */
@Injectable()
export class ApiKeys {
  readonly configured: readonly KeyEntry[];
  private readonly cache = new KeyCache();
  /** When this gateway last noted the use of a key, by id. */
  private readonly noted = new Map<string, number>();

  constructor(
    settings: AccessSettings,
    @Inject(KeyStore) private readonly store: KeyStore,
    private readonly logger: AppLogger,
  ) {
    this.configured = entriesOf(settings);
  }

  /** No key in API_KEYS: whoever comes may do everything. */
  get none(): boolean {
    return this.configured.length === 0;
  }

  /** @throws RedisUnavailableError where only the store would know the key, and does not answer. */
  async callerOf(secret: string, address: string, now: Date): Promise<Caller | { refusal: Refusal; keyId?: string }> {
    const hash = hashOf(secret);
    // Compares with every key there is, whichever it is: the time tells nothing.
    const [entry] = this.configured.filter((one) => timingSafeEqual(one.hash, hash));
    if (entry) return entry;
    if (!looksLikeSecret(secret)) return { refusal: 'unknown_key' };
    const hex = hash.toString('hex');
    const kept = await this.cache.find(hex, () => this.store.findByHash(hex));
    if (!kept || !isValid(kept.key, hex, now)) return { refusal: 'unknown_key' };
    const { key } = kept;
    if (isExpired(key, now)) return { refusal: 'expired_key', keyId: key.id };
    if (key.cidrs.length > 0 && !isInside(key.cidrs, address)) return { refusal: 'address', keyId: key.id };
    this.noteUse(kept, now);
    return { id: key.id, scopes: key.scopes, service: key.service };
  }

  /** What this gateway changed is true for it at once. */
  forgetCached(): void {
    this.cache.clear();
  }

  /** In nobody's way, and at most once an hour: the moment is for people who look for keys that nobody uses. */
  private noteUse({ key, lastUsedAt = 0 }: KeptKey, now: Date): void {
    const noted = Math.max(lastUsedAt, this.noted.get(key.id) ?? 0);
    if (now.getTime() - noted < USED_MS) return;
    if (this.noted.size >= MOST_KEYS) this.noted.clear();
    this.noted.set(key.id, now.getTime());
    this.store.touch(key.id, now).catch((error: Error) => {
      this.logger.debug({ keyId: key.id, reason: error.message }, 'use of an API key was not noted');
    });
  }
}
