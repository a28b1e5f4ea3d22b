import { startEmbeddedBroker, type EmbeddedBroker } from '@app/embedded-broker';
import { mainFlowSuite } from './main-flow.suite.js';

let embedded: EmbeddedBroker;
beforeAll(async () => {
  embedded = await startEmbeddedBroker();
});
afterAll(() => embedded.close());

mainFlowSuite('RabbitMQ and Redis', () => ({ rabbitUrl: process.env.RABBITMQ_URL!, redisUrl: process.env.REDIS_URL! }));
mainFlowSuite('nothing at all', () => ({ rabbitUrl: embedded.url }));
