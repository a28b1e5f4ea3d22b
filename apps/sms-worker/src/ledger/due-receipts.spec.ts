import { closeRedis, createLogger, createRedis, type Redis } from '@app/common';
import { randomUUID } from 'node:crypto';
import { until } from '../../../../test/support/until.js';
import { dueReceiptsSuite } from './due-receipts.suite.js';
import { MemoryDueReceipts } from './memory-due-receipts.js';
import { RedisDueReceipts } from './redis-due-receipts.js';

let redis: Redis;
beforeAll(async () => {
  redis = createRedis(process.env.REDIS_URL!, createLogger('test', 'silent'));
  await until('Redis', 5, () => redis.status === 'ready');
});
afterAll(() => closeRedis(redis));

dueReceiptsSuite('memory', (max) => new MemoryDueReceipts(max));
dueReceiptsSuite('Redis', (max) => new RedisDueReceipts(redis, max, `test:${randomUUID()}`));
