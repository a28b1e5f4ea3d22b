import { Metrics } from '@app/common';
import { Injectable } from '@nestjs/common';

/** What the gateway counts. */
@Injectable()
export class GatewayMetrics {
  readonly started;
  readonly checks;
  readonly limited;

  constructor(metrics: Metrics) {
    this.started = metrics.counter(
      'otpost_verifications_started_total',
      'Verifications asked for, by what became of it.',
      ['outcome'],
    );
    this.checks = metrics.counter('otpost_checks_total', 'Checks of codes, by their answer.', ['outcome']);
    this.limited = metrics.counter('otpost_limited_total', 'Requests refused by a limit.', ['limit']);
  }
}
