import type { ApiKey } from './api-key.js';

/** A key and, to the hour, when it was last used, epoch milliseconds. */
export interface KeptKey {
  readonly key: ApiKey;
  readonly lastUsedAt?: number;
}

/** More keys than that are not kept, in all and of one service. Expired ones do not count. */
export const MOST_KEYS = 1000;
export const MOST_OF_SERVICE = 200;

/**
 * Where the keys live that the API made. Each method is one atomic step. All but the memory store may throw
 * RedisUnavailableError, after which a write may or may not have taken effect.
 *
 * Chosen by REDIS_URL: with it `RedisKeyStore`, in standalone `MemoryKeyStore`.
 */
export interface KeyStore {
  /** Drops what has expired first, whosever it is. */
  create(key: ApiKey, now: Date): Promise<'created' | 'taken' | 'full'>;
  /** By the hash of any of its secrets, in hex, whether or not it still works. */
  findByHash(hash: string): Promise<KeptKey | undefined>;
  find(id: string): Promise<KeptKey | undefined>;
  /** In the order of their ids. */
  list(): Promise<readonly KeptKey[]>;
  /** Puts `after` in the place of `before`, unless that is no longer what is kept. Both have one id. */
  replace(before: ApiKey, after: ApiKey): Promise<boolean>;
  /** False where there was none. */
  remove(id: string): Promise<boolean>;
  /** Notes that it was used, if it is still there. */
  touch(id: string, now: Date): Promise<void>;
}

export const KeyStore = Symbol('KeyStore');
