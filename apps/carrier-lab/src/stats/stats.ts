import { Injectable } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { RecentMap } from '../recent-map.js';

export interface StatsView {
  /** Requests for a text at a company's API; those to the lab's own are not counted. */
  readonly calls: number;
  /** Questions to a company about earlier texts. */
  readonly queries: number;
  readonly accepted: number;
  /** By the company's code. */
  readonly refused: Readonly<Record<string, number>>;
  /** Accepted texts whose number and words had been accepted before: 0 means at most one text for each message. */
  readonly duplicates: number;
  /** Requests that are being held now, and the most there were at once. */
  readonly inFlight: number;
  readonly maxInFlight: number;
  /** TCP connections opened. */
  readonly connections: number;
}

/** What the lab saw since it started or since the counters were reset. */
@Injectable()
export class Stats {
  private counts = zero();
  private codes: Record<string, number> = {};
  private inFlight = 0;
  private readonly texts = new RecentMap<true>();

  /** Held until the response or its connection is closed. */
  called(response: ServerResponse): void {
    this.counts.calls++;
    this.inFlight++;
    this.counts.maxInFlight = Math.max(this.counts.maxInFlight, this.inFlight);
    response.once('close', () => this.inFlight--);
  }

  queried(): void {
    this.counts.queries++;
  }

  accepted(to: string, text: string): void {
    this.counts.accepted++;
    const key = `${to} ${text}`;
    if (this.texts.get(key)) this.counts.duplicates++;
    else this.texts.set(key, true);
  }

  refused(code: string): void {
    this.codes[code] = (this.codes[code] ?? 0) + 1;
  }

  connected(): void {
    this.counts.connections++;
  }

  view(): StatsView {
    return { ...this.counts, refused: { ...this.codes }, inFlight: this.inFlight };
  }

  reset(): void {
    this.counts = { ...zero(), maxInFlight: this.inFlight };
    this.codes = {};
    this.texts.clear();
  }
}

const zero = () => ({ calls: 0, queries: 0, accepted: 0, duplicates: 0, maxInFlight: 0, connections: 0 });
