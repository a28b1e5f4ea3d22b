/** A map that forgets its oldest entries, so that a lab that runs for days does not grow. */
export class RecentMap<V> {
  private readonly entries = new Map<string, V>();

  constructor(private readonly size = 1_000_000) {}

  get(key: string): V | undefined {
    return this.entries.get(key);
  }

  set(key: string, value: V): void {
    if (this.entries.size >= this.size && !this.entries.has(key)) {
      this.entries.delete(this.entries.keys().next().value as string);
    }
    this.entries.set(key, value);
  }

  clear(): void {
    this.entries.clear();
  }
}
