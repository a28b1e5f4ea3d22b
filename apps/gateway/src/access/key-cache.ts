import type { KeptKey } from './key-store.js';

/** A revoked or rotated key works this much longer on a gateway that has just seen it. */
export const CACHED_MS = 5000;
const MOST_CACHED = 2000;

/** What the store said of a key lately: a start costs no trip for it. Only keys that exist are remembered. */
export class KeyCache {
  private readonly answers = new Map<
    string,
    { readonly answer: Promise<KeptKey | undefined>; readonly until: number }
  >();

  /** By the hash of a secret; `ask` is called where nothing is remembered, once for all who ask meanwhile. */
  async find(hash: string, ask: () => Promise<KeptKey | undefined>): Promise<KeptKey | undefined> {
    const known = this.answers.get(hash);
    if (known && performance.now() < known.until) return known.answer;
    this.answers.delete(hash);
    this.prune();
    const answer = ask();
    this.answers.set(hash, { answer, until: performance.now() + CACHED_MS });
    try {
      const kept = await answer;
      if (!kept) this.forget(hash, answer);
      return kept;
    } catch (error) {
      this.forget(hash, answer);
      throw error;
    }
  }

  clear(): void {
    this.answers.clear();
  }

  private forget(hash: string, answer: Promise<KeptKey | undefined>): void {
    if (this.answers.get(hash)?.answer === answer) this.answers.delete(hash);
  }

  /** Oldest first. */
  private prune(): void {
    for (const [hash, { until }] of this.answers) {
      if (this.answers.size < MOST_CACHED && performance.now() < until) break;
      this.answers.delete(hash);
    }
  }
}
