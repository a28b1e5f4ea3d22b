import { AppLogger, Metrics } from '@app/common';
import { Injectable } from '@nestjs/common';
import type { PauseLeft } from './company-book.js';

/** Which companies an operator has taken off every route, as this worker was told last. */
@Injectable()
export class Pauses {
  /** Resolves when it was told for the first time: nobody asks a company before that. */
  readonly known: Promise<void>;
  private know!: () => void;
  /** When each ends, on the monotonic clock. */
  private ends: ReadonlyMap<string, number> = new Map();
  private readonly paused;

  constructor(
    private readonly logger: AppLogger,
    metrics: Metrics,
  ) {
    this.paused = metrics.gauge(
      'otpost_provider_paused',
      'Whether an operator has taken the company off every route.',
      ['provider'],
    );
    this.known = new Promise((resolve) => (this.know = resolve));
  }

  /** A pause that is known to end ends without being told. */
  has(company: string): boolean {
    return (this.ends.get(company) ?? 0) > performance.now();
  }

  learn(paused: ReadonlyMap<string, PauseLeft>): void {
    const before = this.ends;
    const now = performance.now();
    this.ends = new Map([...paused].map(([company, { forMs = Infinity }]) => [company, now + forMs]));
    for (const provider of this.ends.keys()) {
      this.paused.set({ provider }, 1);
      if (!before.has(provider)) this.logger.warn({ provider }, 'a company is paused by an operator');
    }
    for (const provider of before.keys()) {
      if (this.ends.has(provider)) continue;
      this.paused.set({ provider }, 0);
      this.logger.warn({ provider }, 'the pause of a company is over');
    }
    this.know();
  }
}
