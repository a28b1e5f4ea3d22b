import { closeRedis, createLogger, createRedis, type Redis } from '@app/common';
import { until } from '../../../../test/support/until.js';
import { deliveryLedgerSuite } from './delivery-ledger.suite.js';
import { MemoryDeliveryLedger } from './memory-delivery-ledger.js';
import { RedisDeliveryLedger } from './redis-delivery-ledger.js';

let redis: Redis;
beforeAll(async () => {
  redis = createRedis(process.env.REDIS_URL!, createLogger('test', 'silent'));
  await until('Redis', 5, () => redis.status === 'ready');
});
afterAll(() => closeRedis(redis));

deliveryLedgerSuite('memory', () => new MemoryDeliveryLedger());
deliveryLedgerSuite('Redis', () => new RedisDeliveryLedger(redis));
