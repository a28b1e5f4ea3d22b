import type { BreakerState } from './breaker.js';
import {
  entriesOf,
  isSilent,
  pauseIn,
  pausesLeft,
  type CompanyBook,
  type CompanyEntry,
  type LastWord,
  type PauseLeft,
  type Report,
} from './company-book.js';

/** For development and tests: lost with the process, and seen only by those who hold this very object. */
export class MemoryCompanyBook implements CompanyBook {
  private readonly words = new Map<string, LastWord>();
  private readonly reports = new Map<string, Report>();

  async pause(company: string, { reason, by, forMs }: { reason: string; by: string; forMs?: number }): Promise<void> {
    const at = Date.now();
    this.words.set(company, { paused: true, reason, by, at, ...(forMs !== undefined && { until: at + forMs }) });
  }

  async resume(company: string, by: string): Promise<boolean> {
    const at = Date.now();
    if (!pauseIn(this.words.get(company), at)) return false;
    this.words.set(company, { paused: false, by, at });
    return true;
  }

  async report(
    worker: string,
    breakers: Readonly<Record<string, BreakerState>>,
  ): Promise<ReadonlyMap<string, PauseLeft>> {
    const now = Date.now();
    for (const [name, report] of this.reports) if (isSilent(report, now)) this.reports.delete(name);
    this.reports.set(worker, { at: now, breakers });
    return pausesLeft(this.words, now);
  }

  async leave(worker: string): Promise<void> {
    this.reports.delete(worker);
  }

  async list(): Promise<readonly CompanyEntry[]> {
    return entriesOf(this.words, [...this.reports.values()], Date.now());
  }
}
