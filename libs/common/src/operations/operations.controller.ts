import { Controller, Get, Header } from '@nestjs/common';
import { Describe } from '../http/described.js';
import { Problem } from '../http/problem.js';
import { Metrics } from '../telemetry/metrics.js';
import { Readiness } from './readiness.js';

const TROUBLES = { type: 'object', additionalProperties: { type: 'string' } };
const stateOf = (status: string, more: object = {}) => ({
  type: 'object',
  required: ['status'],
  properties: { status: { const: status }, ...more },
  additionalProperties: false,
});

/** What orchestrators and Prometheus ask of every process. */
@Controller()
@Describe<OperationsController>({
  live: {
    summary: 'Whether the process runs',
    answer: { description: 'It does', schema: stateOf('ok'), example: { status: 'ok' } },
  },
  ready: {
    summary: 'Whether the process can do its work',
    answer: {
      description: 'It can; `degraded` names what it does without',
      schema: stateOf('ready', { degraded: TROUBLES }),
      example: { status: 'ready' },
    },
    problems: { 503: ['not_ready'] },
  },
  metricsText: {
    summary: 'Metrics for Prometheus',
    answer: {
      description: 'Prometheus text, version 0.0.4',
      contentType: 'text/plain',
      schema: { type: 'string' },
    },
  },
})
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
