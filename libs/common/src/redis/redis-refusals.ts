import type { AppLogger } from '../telemetry/logger.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Redis } from './redis.js';
import { REFUSED } from './redis-script.js';

/** One line a minute for each kind, however many requests meet it. */
const LOG_EVERY_MS = 60_000;
/** So long after a refusal the process counts as not ready. Whatever still asks Redis renews it while it lasts. */
const RECENT_MS = 10_000;

/** What is wrong with one record, or with a script: the rest of the work goes on. */
const OF_ONE_REQUEST = new Set(['ERR', 'WRONGTYPE']);

/** Tells operators of a Redis that answers and does not do what it is asked: full, read-only, closed to this user. */
export class RedisRefusals {
  private readonly loggedAt = new Map<string, number>();
  private last: { readonly kind: string; readonly at: number } | undefined;

  constructor(redis: Redis, logger: AppLogger, metrics: Metrics) {
    const errors = metrics.counter(
      'otpost_redis_errors_total',
      'Errors that Redis answered with, by their first word: OOM, READONLY, NOPERM; ERR for a script that fails.',
      ['kind'],
    );
    redis.on(REFUSED, (kind: string) => {
      const now = performance.now();
      errors.inc({ kind });
      if (!OF_ONE_REQUEST.has(kind)) this.last = { kind, at: now };
      if (now - (this.loggedAt.get(kind) ?? -Infinity) < LOG_EVERY_MS) return;
      this.loggedAt.set(kind, now);
      logger.error({ kind }, 'Redis refuses what it is asked');
    });
  }

  /** The kind, while the last one is recent. */
  get trouble(): string | undefined {
    return this.last && performance.now() - this.last.at < RECENT_MS ? `refuses: ${this.last.kind}` : undefined;
  }
}
