import { Module, type DynamicModule } from '@nestjs/common';
import { CONSUMER_OPTIONS, EventServer, type ConsumerOptions } from './event-server.js';
import { EventClient } from './event-client.js';
import { EventPublisher } from './event-publisher.js';
import { Readiness } from '../operations/readiness.js';
import { RetryPolicies } from './retry-policies.js';

/**
 * Publishing and consuming for one app. Wants RabbitSettings (SettingsModule) and Metrics (OperationsModule); give the
 * server to Nest with `app.connectMicroservice({ strategy: app.get(EventServer) })`.
 */
@Module({})
export class MessagingModule {
  constructor(server: EventServer, client: EventClient, readiness: Readiness) {
    readiness.add('consumer', () => server.trouble);
    readiness.add('publisher', () => client.trouble);
  }

  static forConsumer(options: ConsumerOptions): DynamicModule {
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
