import { connectedRedis } from '../../../../test/gateway/stores.js';
import { keyStoreSuite } from './key-store.suite.js';
import { MemoryKeyStore } from './memory-key-store.js';
import { RedisKeyStore } from './redis-key-store.js';

let server: Awaited<ReturnType<typeof connectedRedis>>;
beforeAll(async () => {
  server = await connectedRedis();
});
afterAll(() => server.close());

keyStoreSuite('memory', () => new MemoryKeyStore());
keyStoreSuite('Redis', () => new RedisKeyStore(server.redis));
