import { Controller, Get, Header } from '@nestjs/common';
import { Problem } from '../http/problem.js';
import { Metrics } from '../telemetry/metrics.js';
import { Readiness } from './readiness.js';

/** What orchestrators and Prometheus ask of every process. */
@Controller()
export class OperationsController {
  constructor(
    private readonly readiness: Readiness,
    private readonly metrics: Metrics,
  ) {}

  /** The process runs. Depends on nothing else: a dead broker is no reason for a restart. */
  @Get('livez')
  live(): object {
    return { status: 'ok' };
  }

  /** 200 when everything the process cannot do without is there, else 503 with what is missing; `degraded` is what it can do without. */
  @Get('readyz')
  ready(): object {
    const troubles = this.readiness.troubles();
    const degraded = this.readiness.troubles('degrades');
    const mention = Object.keys(degraded).length > 0 ? { degraded } : {};
    if (Object.keys(troubles).length > 0) throw notReady({ troubles, ...mention });
    return { status: 'ready', ...mention };
  }

  @Get('metrics')
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  metricsText(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}

const notReady = (members: { readonly troubles: Readonly<Record<string, string>> }) =>
  new Problem({
    status: 503,
    code: 'not_ready',
    title: 'Not ready',
    detail: `In trouble: ${Object.keys(members.troubles).join(', ')}.`,
    retryAfter: 1,
    ...members,
  });
