import { connectedRedis } from '../../../../test/gateway/stores.js';
import { entriesOf, SILENT_AFTER_MS } from './company-book.js';
import { companyBookSuite } from './company-book.suite.js';
import { MemoryCompanyBook } from './memory-company-book.js';
import { RedisCompanyBook } from './redis-company-book.js';

let server: Awaited<ReturnType<typeof connectedRedis>>;
beforeAll(async () => {
  server = await connectedRedis();
});
afterAll(() => server.close());

companyBookSuite('memory', async () => new MemoryCompanyBook());
companyBookSuite('Redis', async () => {
  await server.redis.flushdb();
  return new RedisCompanyBook(server.redis);
});

it('a worker that has said nothing for long is not counted', () => {
  const report = { at: 0, breakers: { ccp: 'closed' as const } };
  expect(entriesOf(new Map(), [report], SILENT_AFTER_MS)).toHaveLength(1);
  expect(entriesOf(new Map(), [report], SILENT_AFTER_MS + 1)).toEqual([]);
});
