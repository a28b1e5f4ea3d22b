import type { Consequence } from '../consequence.js';

export interface BreakerOptions {
  /** So many failures in a row open it; so do as many again of the last `4 * failures` answers, in any order. */
  readonly failures: number;
  /** Milliseconds until a probe, the first time; twice as long after each probe that fails, at most four times this. */
  readonly openMs: number;
}

export type BreakerState = 'closed' | 'half-open' | 'open';

/** The right to make one request, given back with what its answer says of the company. */
export interface Ticket {
  /** The one request whose answer closes or opens the breaker again. */
  readonly probe: boolean;
  readonly epoch: number;
}

/** A company's own wait is believed up to here. */
const LONGEST_OPEN_MS = 10 * 60_000;
/** While a probe is under way, its answer is expected within this. */
const PROBE_MS = 1000;

/**
 * Keeps texts away from a company that fails.
 *
 * closed → open: failures in a row or half of the latest answers, at once for what only somebody's action heals, and for
 * as long as a company that is too busy says. open → half-open: after the wait one real text is let through. Its success
 * closes, its failure opens for twice as long. Answers to requests from before a change say nothing any more.
 */
export class Breaker {
  private failed: boolean[] = [];
  private openUntil: number | undefined;
  private openings = 0;
  private probing = false;
  private epoch = 0;

  /** `now` rises steadily, in milliseconds: the clock of the day may jump. */
  constructor(
    private readonly options: BreakerOptions,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get state(): BreakerState {
    if (this.openUntil === undefined) return 'closed';
    return this.now() < this.openUntil ? 'open' : 'half-open';
  }

  /** Milliseconds until it is worth asking again; 0: now. */
  get waitMs(): number {
    if (this.openUntil === undefined) return 0;
    return Math.max(this.openUntil - this.now(), this.probing ? PROBE_MS : 0);
  }

  enter(): Ticket | undefined {
    if (this.waitMs > 0) return undefined;
    const probe = this.openUntil !== undefined;
    this.probing = probe;
    return { probe, epoch: this.epoch };
  }

  /** `retryAfterMs`: the company said when to come back. */
  leave({ probe, epoch }: Ticket, health: Consequence['health'], retryAfterMs?: number): void {
    if (epoch !== this.epoch) return;
    if (probe) this.probing = false;
    if (health === 'ignored') return;
    if (health === 'success' && probe) return this.close();
    this.failed = [...this.failed, health !== 'success'].slice(-4 * this.options.failures);
    if (health === 'success') return;
    if (retryAfterMs !== undefined) return this.open(Math.min(retryAfterMs, LONGEST_OPEN_MS));
    if (probe || health === 'open' || this.isIll()) this.open(this.options.openMs * Math.min(2 ** this.openings++, 4));
  }

  private isIll(): boolean {
    const { failures } = this.options;
    const inARow = this.failed.slice(-failures);
    const failed = this.failed.filter(Boolean).length;
    return (inARow.length === failures && inARow.every(Boolean)) || failed >= 2 * failures;
  }

  private open(ms: number): void {
    this.openUntil = this.now() + ms;
    this.change();
  }

  private close(): void {
    this.openUntil = undefined;
    this.openings = 0;
    this.change();
  }

  private change(): void {
    this.epoch++;
    this.failed = [];
    this.probing = false;
  }
}
