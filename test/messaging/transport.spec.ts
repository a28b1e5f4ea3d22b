import { startEmbeddedBroker, type EmbeddedBroker } from '@app/embedded-broker';
import { transportSuite } from './transport.suite.js';

let embedded: EmbeddedBroker;
beforeAll(async () => {
  embedded = await startEmbeddedBroker();
});
afterAll(() => embedded.close());

transportSuite('RabbitMQ', () => process.env.RABBITMQ_URL!);
transportSuite('the embedded broker', () => embedded.url);
