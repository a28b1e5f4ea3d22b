import type { PublishOutcome } from './publish-outcome.js';

const FIRST_PATIENCE_MS = 10_000;
const MOST_PATIENCE_MS = 300_000;

interface Refused {
  readonly since: number;
  readonly patienceMs: number;
}

/**
 * Which routes the broker has refused without a break. RabbitMQ 3.10 goes on refusing on a channel that was refused while a
 * queue was full when the queue's limit is lifted; another channel gets through. So after 10 s of nothing but refusals
 * another connection is worth a try, and again after 20 s, 40 s, … to 5 min.
 */
export class Refusals {
  private readonly routes = new Map<string, Refused>();

  /** `now` in milliseconds of a monotonic clock. @returns whether the channel itself is in doubt. */
  heard(route: string, outcome: PublishOutcome, now: number): boolean {
    if (outcome === 'confirmed') this.routes.delete(route);
    if (outcome !== 'nacked') return false;
    const { since, patienceMs } = this.routes.get(route) ?? { since: now, patienceMs: FIRST_PATIENCE_MS };
    const inDoubt = now - since >= patienceMs;
    const next = { since: now, patienceMs: Math.min(2 * patienceMs, MOST_PATIENCE_MS) };
    this.routes.set(route, inDoubt ? next : { since, patienceMs });
    return inDoubt;
  }
}
