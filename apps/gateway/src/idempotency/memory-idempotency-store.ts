import {
  KEPT_MS,
  RUNNING_MS,
  type Begun,
  type IdempotencyStore,
  type KeptAnswer,
  type Run,
} from './idempotency-store.js';
import type { RequestSeed } from './request-seed.js';

interface Known {
  readonly fingerprint: string;
  readonly seed: RequestSeed;
  readonly keptUntil: number;
  readonly answer?: string;
  readonly running?: { readonly owner: string; readonly until: number };
}

/** For development and tests: lost with the process, and the oldest are forgotten early beyond `limit`. */
export class MemoryIdempotencyStore implements IdempotencyStore {
  private readonly requests = new Map<string, Known>();

  constructor(private readonly limit = 10_000) {}

  async knows(id: string): Promise<boolean> {
    return this.known(id) !== undefined;
  }

  async begin({ id, fingerprint, owner }: Run, fresh: RequestSeed): Promise<Begun> {
    const now = performance.now();
    const known = this.known(id);
    if (known && known.fingerprint !== fingerprint) return { kind: 'reused' };
    if (known?.answer !== undefined) return { kind: 'answered', answer: JSON.parse(known.answer) as KeptAnswer };
    if (known?.running && now < known.running.until) return { kind: 'running' };
    if (!known) this.prune(now);
    const { seed, keptUntil } = known ?? { seed: fresh, keptUntil: now + KEPT_MS };
    this.requests.set(id, { fingerprint, seed, keptUntil, running: { owner, until: now + RUNNING_MS } });
    return { kind: 'begun', seed, again: known !== undefined };
  }

  async answer(run: Run, answer: KeptAnswer): Promise<void> {
    const known = this.known(run.id);
    if (!known) return;
    this.requests.set(run.id, { ...known, answer: known.answer ?? JSON.stringify(answer) });
    await this.end(run);
  }

  async end(run: Run): Promise<void> {
    const known = this.known(run.id);
    if (!known || !isOf(run, known)) return;
    const { running: _, ...ended } = known;
    this.requests.set(run.id, ended);
  }

  async forget(run: Run): Promise<void> {
    const known = this.known(run.id);
    if (known && isOf(run, known)) this.requests.delete(run.id);
  }

  private known(id: string): Known | undefined {
    const known = this.requests.get(id);
    return known && performance.now() < known.keptUntil ? known : undefined;
  }

  /** Oldest first, so it costs a step or two however many are kept. */
  private prune(now: number): void {
    for (const [id, { keptUntil }] of this.requests) {
      if (this.requests.size < this.limit && now < keptUntil) break;
      this.requests.delete(id);
    }
  }
}

/** What has lapsed belongs to nobody. */
const isOf = ({ owner }: Run, { running }: Known): boolean =>
  running?.owner === owner && performance.now() < running.until;
