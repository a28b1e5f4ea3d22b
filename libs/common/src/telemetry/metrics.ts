import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The metrics of one process (or, in standalone, of one app). Labels never hold a number, an id or free text. */
export class Metrics {
  readonly registry = new Registry();

  counter<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }
  gauge<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
  /** Seconds. */
  histogram<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Histogram<L> {
    return new Histogram({
      name,
      help,
      labelNames,
      registers: [this.registry],
      buckets: [0.005, 0.02, 0.1, 0.3, 1, 3, 10, 30],
    });
  }
}
