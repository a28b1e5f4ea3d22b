import { Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { patternOf, type Contract } from '../contracts/event.js';
import { Metrics } from '../telemetry/metrics.js';
import { EventClient } from './event-client.js';
import type { PublishOutcome } from './publish-outcome.js';
import { EXCHANGE } from './topology.js';

export interface PublishOptions {
  /** The AMQP message id: the same for every repetition of the same event. */
  readonly messageId: string;
  /** W3C Trace Context of whatever led to this event; a new one is begun where there is none. */
  readonly traceparent?: string | undefined;
}

/** Publishes events. Knows no listener. */
@Injectable()
export class EventPublisher {
  private readonly published;

  constructor(
    private readonly client: EventClient,
    metrics: Metrics,
  ) {
    this.published = metrics.counter('otpost_events_published_total', 'Publishes by what became of them.', [
      'pattern',
      'outcome',
    ]);
  }

  /** Why nothing can be published at this moment, or undefined. */
  get trouble(): 'disconnected' | 'blocked' | undefined {
    return this.client.trouble;
  }

  /** Resolves within the publish timeout, and never throws for what the broker does. */
  async publish(event: object, { messageId, traceparent = newTraceparent() }: PublishOptions): Promise<PublishOutcome> {
    const pattern = patternOf(event.constructor as Contract);
    const outcome = await this.client.put(EXCHANGE, pattern, Buffer.from(JSON.stringify({ pattern, data: event })), {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      type: pattern,
      messageId,
      timestamp: Math.floor(Date.now() / 1000),
      headers: { traceparent, 'x-attempt': 1, 'x-schema': 1 },
    });
    this.published.inc({ pattern, outcome });
    return outcome;
  }
}

const newTraceparent = (): string => `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
