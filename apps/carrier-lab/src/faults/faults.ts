import { Injectable } from '@nestjs/common';
import { RecentMap } from '../recent-map.js';
import { dice } from './dice.js';
import type { Fault } from './fault.js';
import { magicFaultOf } from './magic-numbers.js';

/** The faults in force. A number's own fault comes first, then that of a magic number, then the one for every number. */
@Injectable()
export class Faults {
  private readonly active = new Map<string, ActiveFault>();
  private readonly magic = new Map<string, ActiveFault>();

  /** Replaces the fault for the same number, or for every number. */
  set(fault: Fault): void {
    this.active.set(fault.to ?? EVERY, new ActiveFault(fault));
  }

  list(): Fault[] {
    return [...this.active.values()].map(({ fault }) => fault);
  }

  clear(to?: string): void {
    if (to === undefined) this.active.clear();
    else this.active.delete(to);
  }

  faultFor(to: string | undefined): ActiveFault {
    const own = to === undefined ? undefined : (this.active.get(to) ?? this.magicFor(to));
    return own ?? this.active.get(EVERY) ?? HEALTHY;
  }

  private magicFor(to: string): ActiveFault | undefined {
    const known = this.magic.get(to);
    const fault = known ? undefined : magicFaultOf(to);
    if (!fault) return known;
    const active = new ActiveFault(fault);
    this.magic.set(to, active);
    return active;
  }
}

/** A fault and what it has done so far. */
export class ActiveFault {
  private readonly requests = new RecentMap<number>(100_000);
  private readonly random: () => number;

  constructor(readonly fault: Fault) {
    this.random = dice(fault.seed ?? 1);
  }

  /** Whether this request of the text is refused, and with which code or Reason. */
  refusalOf(to: string, text: string): string | undefined {
    const { code = 'busy', errorRate, failFirst } = this.fault;
    if (failFirst !== undefined && this.count(`${to} ${text}`) <= failFirst) return code;
    if (errorRate !== undefined && this.random() < errorRate) return code;
    return errorRate === undefined && failFirst === undefined ? this.fault.code : undefined;
  }

  /** From 0 to below 1. */
  chance(): number {
    return this.random();
  }

  private count(key: string): number {
    const count = (this.requests.get(key) ?? 0) + 1;
    this.requests.set(key, count);
    return count;
  }
}

const EVERY = 'every number';
const HEALTHY = new ActiveFault({});
