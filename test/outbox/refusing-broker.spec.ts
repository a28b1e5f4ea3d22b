import { startEmbeddedBroker, type EmbeddedBroker } from '@app/embedded-broker';
import { refusingBrokerSuite } from './refusing-broker.suite.js';

let embedded: EmbeddedBroker;
beforeAll(async () => {
  embedded = await startEmbeddedBroker();
});
afterAll(() => embedded.close());

refusingBrokerSuite('the embedded broker', () => embedded.url);
