import { isExpired, type ApiKey } from './api-key.js';
import { MOST_KEYS, MOST_OF_SERVICE, type KeptKey, type KeyStore } from './key-store.js';

/** For development and tests: lost with the process. */
export class MemoryKeyStore implements KeyStore {
  private readonly kept = new Map<string, KeptKey>();

  async create(key: ApiKey, now: Date): Promise<'created' | 'taken' | 'full'> {
    for (const { key: old } of [...this.kept.values()]) if (isExpired(old, now)) this.kept.delete(old.id);
    if (this.kept.has(key.id)) return 'taken';
    const itsOwn = [...this.kept.values()].filter((kept) => kept.key.service === key.service);
    if (this.kept.size >= MOST_KEYS || itsOwn.length >= MOST_OF_SERVICE) return 'full';
    this.kept.set(key.id, { key });
    return 'created';
  }

  async findByHash(hash: string): Promise<KeptKey | undefined> {
    return [...this.kept.values()].find(({ key }) => key.secrets.some((secret) => secret.hash === hash));
  }

  async find(id: string): Promise<KeptKey | undefined> {
    return this.kept.get(id);
  }

  async list(): Promise<readonly KeptKey[]> {
    return [...this.kept.values()].sort((a, b) => (a.key.id < b.key.id ? -1 : 1));
  }

  async replace(before: ApiKey, after: ApiKey): Promise<boolean> {
    const kept = this.kept.get(before.id);
    if (JSON.stringify(kept?.key) !== JSON.stringify(before)) return false;
    this.kept.set(before.id, { ...kept, key: after });
    return true;
  }

  async remove(id: string): Promise<boolean> {
    return this.kept.delete(id);
  }

  async touch(id: string, now: Date): Promise<void> {
    const kept = this.kept.get(id);
    if (kept) this.kept.set(id, { ...kept, lastUsedAt: now.getTime() });
  }
}
