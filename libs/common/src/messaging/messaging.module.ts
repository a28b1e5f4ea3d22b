import { Inject, Module, type DynamicModule } from '@nestjs/common';
import { CONSUMER_OPTIONS, EventServer, type ConsumerOptions } from './event-server.js';
import { EventClient } from './event-client.js';
import { EventPublisher } from './event-publisher.js';
import { Readiness } from '../operations/readiness.js';
import { RetryPolicies } from './retry-policies.js';

export interface MessagingOptions extends ConsumerOptions {
  /** The process does its work, or keeps it safe, while the broker is away: readiness then only mentions the broker. Default: false. */
  readonly worksWithoutBroker?: boolean;
}

/**
 * Publishing and consuming for one app. Wants RabbitSettings (SettingsModule) and Metrics (OperationsModule); give the
 * server to Nest with `app.connectMicroservice({ strategy: app.get(EventServer) })`.
 */
@Module({})
export class MessagingModule {
  constructor(
    server: EventServer,
    client: EventClient,
    readiness: Readiness,
    @Inject(CONSUMER_OPTIONS) { worksWithoutBroker = false }: MessagingOptions,
  ) {
    const weight = worksWithoutBroker ? 'degrades' : 'stops';
    readiness.add('consumer', () => server.trouble, weight);
    readiness.add('publisher', () => client.trouble, weight);
  }

  static forConsumer(options: MessagingOptions): DynamicModule {
    return {
      module: MessagingModule,
      global: true,
      providers: [
        EventClient,
        EventPublisher,
        EventServer,
        RetryPolicies,
        { provide: CONSUMER_OPTIONS, useValue: options },
      ],
      exports: [EventPublisher, EventServer, EventClient, RetryPolicies],
    };
  }
}
