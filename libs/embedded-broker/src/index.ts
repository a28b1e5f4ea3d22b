export { startEmbeddedBroker } from './embedded-broker.js';
export type { EmbeddedBroker } from './embedded-broker.js';
