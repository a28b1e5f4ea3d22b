import { closeRedis, createLogger, createRedis, type Redis } from '@app/common';
import { randomUUID } from 'node:crypto';
import { until } from '../../../../test/support/until.js';
import { MemoryReceiptBook } from './memory-receipt-book.js';
import { receiptBookSuite } from './receipt-book.suite.js';
import { RedisReceiptBook } from './redis-receipt-book.js';

let redis: Redis;
beforeAll(async () => {
  redis = createRedis(process.env.REDIS_URL!, createLogger('test', 'silent'));
  await until('Redis', 5, () => redis.status === 'ready');
});
afterAll(() => closeRedis(redis));

receiptBookSuite('memory', (maxOrphans) => new MemoryReceiptBook(maxOrphans));
receiptBookSuite('Redis', (maxOrphans) => new RedisReceiptBook(redis, maxOrphans, `test:${randomUUID()}`));
