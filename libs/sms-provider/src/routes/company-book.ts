import type { BreakerState } from './breaker.js';

/** An operator's word that no text goes to a company. */
export interface Pause {
  readonly reason: string;
  /** The id of the API key. */
  readonly by: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Epoch milliseconds; without it the pause lasts until somebody resumes. */
  readonly until?: number;
}

/** A company as its operators and the workers see it. */
export interface CompanyEntry {
  readonly name: string;
  readonly pause?: Pause;
  /** When it was last paused or resumed, epoch milliseconds, and by whom; undefined where nobody ever did. */
  readonly change?: { readonly at: number; readonly by: string };
  /** How many workers have it on a route, by what they say of it. */
  readonly breakers: Readonly<Record<BreakerState, number>>;
}

/** A worker that has said nothing for so long is not counted. */
export const SILENT_AFTER_MS = 10_000;

/**
 * Where operators' pauses stand, and what each worker says of its companies. Every time in it is the book's own clock's.
 * Each method is one atomic step. All but the memory book may throw RedisUnavailableError, after which a write may or may
 * not have taken effect.
 *
 * Chosen by REDIS_URL: with it `RedisCompanyBook`, in standalone one `MemoryCompanyBook` for gateway and worker.
 */
export interface CompanyBook {
  /** In the place of an earlier pause. `forMs`: it ends by itself. */
  pause(company: string, pause: { reason: string; by: string; forMs?: number }): Promise<void>;
  /** False, and nothing is noted, where it was not paused. */
  resume(company: string, by: string): Promise<boolean>;
  /**
   * What a worker says of the companies on its routes, and is told: the paused ones, and for how many milliseconds yet,
   * where that is known.
   */
  report(worker: string, breakers: Readonly<Record<string, BreakerState>>): Promise<ReadonlyMap<string, PauseLeft>>;
  /** The worker ends. */
  leave(worker: string): Promise<void>;
  /** Companies that somebody has paused or resumed or that a worker has on a route, by name. */
  list(): Promise<readonly CompanyEntry[]>;
}

export interface PauseLeft {
  readonly forMs?: number;
}

export const COMPANY_BOOK = Symbol('CompanyBook');

/** What is kept of a company: the last word, which is a pause or the end of one. */
export type LastWord = { readonly by: string; readonly at: number } & (
  { readonly paused: false } | ({ readonly paused: true } & Pause)
);

/** What is kept of a worker. */
export interface Report {
  readonly at: number;
  readonly breakers: Readonly<Record<string, BreakerState>>;
}

/** The pause that a word is at this time. */
export const pauseIn = (word: LastWord | undefined, now: number): Pause | undefined => {
  if (!word?.paused || (word.until !== undefined && word.until <= now)) return undefined;
  const { reason, by, at, until } = word;
  return { reason, by, at, ...(until !== undefined && { until }) };
};

export const isSilent = ({ at }: Report, now: number): boolean => at + SILENT_AFTER_MS < now;

export function pausesLeft(words: ReadonlyMap<string, LastWord>, now: number): ReadonlyMap<string, PauseLeft> {
  const left = new Map<string, PauseLeft>();
  for (const [company, word] of words) {
    const pause = pauseIn(word, now);
    if (pause) left.set(company, pause.until === undefined ? {} : { forMs: pause.until - now });
  }
  return left;
}

export function entriesOf(
  words: ReadonlyMap<string, LastWord>,
  reports: readonly Report[],
  now: number,
): readonly CompanyEntry[] {
  const heard = reports.filter((report) => !isSilent(report, now));
  const names = new Set([...words.keys(), ...heard.flatMap(({ breakers }) => Object.keys(breakers))]);
  return [...names].sort().map((name) => {
    const word = words.get(name);
    const pause = pauseIn(word, now);
    const count = (state: BreakerState) => heard.filter(({ breakers }) => breakers[name] === state).length;
    return {
      name,
      ...(pause && { pause }),
      ...(word && { change: { at: word.at, by: word.by } }),
      breakers: { closed: count('closed'), 'half-open': count('half-open'), open: count('open') },
    };
  });
}
