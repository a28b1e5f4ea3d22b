import { AppLogger, Metrics } from '@app/common';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Consequence } from '../consequence.js';
import { SmsSettings } from '../sms.config.js';
import type { SmsProvider } from '../sms-provider.js';
import { Breaker, type BreakerState, type Ticket } from './breaker.js';
import { Pauses } from './pauses.js';
import { companiesOf, ROUTING_PLAN, type RoutingPlan } from './routing-plan.js';
import { Share, type ShareOptions } from './share.js';

/** The right to make one request to a company, given back with what its answer says of the company's health; only the first word counts. */
export interface Pass {
  leave(health: Consequence['health'], retryAfterMs?: number): void;
}

/** Why a company takes no text at this moment, and when it is worth asking again. */
export interface Shut {
  readonly provider: string;
  readonly code: 'paused' | 'breaker-open' | 'busy';
  readonly forMs: number;
}

export type Choice =
  | { readonly kind: 'company'; readonly provider: SmsProvider; readonly pass: Pass }
  | { readonly kind: 'nobody'; readonly shut: readonly Shut[] };

interface Gate {
  readonly breaker: Breaker;
  readonly share: Share;
}

/** A pause ends when an operator says so: texts look again after this. */
const PAUSE_LOOK_MS = 30_000;
/** Those in line for one company hold so much of the worker's places, at most: the others are for other companies. */
const WAITING_PART = 1 / 4;
const STATE_VALUES: Readonly<Record<BreakerState, number>> = { closed: 0, 'half-open': 1, open: 2 };

/**
 * Decides which company may be asked now: not paused, breaker closed or due for a probe, and room in this worker's share.
 * A company without room passes its texts on to the next one; where nobody has room they wait in line, if that is short.
 */
@Injectable()
export class Companies implements BeforeApplicationShutdown {
  private readonly gates = new Map<string, Gate>();
  private readonly states;

  constructor(
    private readonly settings: SmsSettings,
    @Inject(ROUTING_PLAN) private readonly plan: RoutingPlan,
    private readonly pauses: Pauses,
    private readonly logger: AppLogger,
    metrics: Metrics,
  ) {
    this.states = metrics.gauge(
      'otpost_provider_breaker_state',
      'Whether this worker asks the company: 0 closed (yes), 1 half-open (a probe is under way), 2 open (no).',
      ['provider'],
    );
  }

  /** The first candidate that may be asked now, else the first whose turn comes in time. */
  async choose(candidates: readonly SmsProvider[]): Promise<Choice> {
    await this.pauses.known;
    const shut: Shut[] = [];
    for (const provider of candidates) {
      const entered = this.enter(provider);
      if ('leave' in entered) return { kind: 'company', provider, pass: entered };
      shut.push(entered);
    }
    const busy = candidates.find((_, index) => shut[index]?.code === 'busy');
    if (busy && (await this.gateOf(busy).share.turn(this.settings.sendTimeoutSeconds * 1000))) {
      const entered = this.admit(busy);
      if ('leave' in entered) return { kind: 'company', provider: busy, pass: entered };
      return { kind: 'nobody', shut: shut.map((one) => (one.provider === busy.name ? entered : one)) };
    }
    return { kind: 'nobody', shut };
  }

  /** Asks for a pass at this company and no other. */
  enter(provider: SmsProvider): Pass | Shut {
    const shut = this.shutness(provider);
    if (shut) return shut;
    const { share } = this.gateOf(provider);
    return share.tryEnter() ? this.admit(provider) : { provider: provider.name, code: 'busy', forMs: share.waitMs };
  }

  /** How this worker sees the companies on its routes. */
  breakers(): Readonly<Record<string, BreakerState>> {
    return Object.fromEntries(companiesOf(this.plan).map((name) => [name, this.gateOf({ name }).breaker.state]));
  }

  /** Nobody waits in line for a process that ends. */
  beforeApplicationShutdown(): void {
    for (const { share } of this.gates.values()) share.close();
  }

  private shutness({ name }: SmsProvider): Shut | undefined {
    if (this.pauses.has(name)) return { provider: name, code: 'paused', forMs: PAUSE_LOOK_MS };
    const { waitMs } = this.gateOf({ name }).breaker;
    return waitMs > 0 ? { provider: name, code: 'breaker-open', forMs: waitMs } : undefined;
  }

  /** With a place in the share taken: the breaker's word. */
  private admit(provider: SmsProvider): Pass | Shut {
    const { breaker, share } = this.gateOf(provider);
    const shut = this.shutness(provider);
    const ticket = shut ? undefined : breaker.enter();
    if (ticket === undefined) {
      share.leave();
      return shut!;
    }
    if (ticket.probe) this.logger.info({ provider: provider.name }, 'a company that failed is tried with one text');
    this.show(provider.name, breaker);
    let left = false;
    return {
      leave: (health, retryAfterMs) => {
        if (left) return;
        left = true;
        share.leave();
        this.judge(provider.name, breaker, ticket, health, retryAfterMs);
      },
    };
  }

  private judge(
    provider: string,
    breaker: Breaker,
    ticket: Ticket,
    health: Consequence['health'],
    retryAfterMs?: number,
  ): void {
    const before = breaker.state;
    breaker.leave(ticket, health, retryAfterMs);
    const after = breaker.state;
    this.show(provider, breaker);
    if (after === before) return;
    if (after === 'open') {
      const seconds = Math.ceil(breaker.waitMs / 1000);
      this.logger.error({ provider, seconds }, 'a company fails: no text goes to it for a while');
    }
    if (after === 'closed') this.logger.warn({ provider }, 'a company that failed takes texts again');
  }

  private show(provider: string, breaker: Breaker): void {
    this.states.set({ provider }, STATE_VALUES[breaker.state]);
  }

  private gateOf({ name }: Pick<SmsProvider, 'name'>): Gate {
    const known = this.gates.get(name);
    if (known) return known;
    const { breakerFailures, breakerOpenSeconds } = this.settings;
    const gate = {
      breaker: new Breaker({ failures: breakerFailures, openMs: breakerOpenSeconds * 1000 }),
      share: new Share(this.shareOf(name)),
    };
    this.gates.set(name, gate);
    this.show(name, gate.breaker);
    return gate;
  }

  /** What all workers together may ask, divided by how many there are. */
  private shareOf(name: string): ShareOptions {
    const { perSecond, concurrency } = this.plan.limits?.find((limits) => limits.name === name) ?? {};
    const { workers, concurrency: places } = this.settings;
    return {
      maxWaiting: Math.floor(places * WAITING_PART),
      ...(perSecond === undefined ? {} : { perSecond: perSecond / workers }),
      ...(concurrency === undefined ? {} : { concurrency: Math.max(1, Math.floor(concurrency / workers)) }),
    };
  }
}
