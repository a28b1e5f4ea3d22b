import { startEmbeddedBroker, type EmbeddedBroker } from '../../libs/embedded-broker/src/index.ts';
import { brokerSuite } from './broker-suite.ts';

let embedded: EmbeddedBroker;

beforeAll(async () => {
  embedded = await startEmbeddedBroker();
});
afterAll(() => embedded.close());

brokerSuite({ name: 'the embedded broker', url: () => embedded.url });
brokerSuite({ name: 'RabbitMQ', url: () => process.env.RABBITMQ_URL! });
