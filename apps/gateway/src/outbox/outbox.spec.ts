import type { Redis } from '@app/common';
import { connectedRedis, memoryStores, redisStores } from '../../../../test/gateway/stores.js';
import { outboxSuite } from './outbox.suite.js';

let redis: Redis;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ redis, close } = await connectedRedis());
});
afterAll(() => close());

outboxSuite('memory', async (outboxPerTag) => memoryStores(outboxPerTag));
outboxSuite('Redis', async (outboxPerTag) => {
  await redis.flushdb();
  return redisStores(redis, outboxPerTag);
});
