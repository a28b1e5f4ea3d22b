import { RedisScript, type Redis } from '@app/common';
import { LEDGER_TTL_SECONDS, MAX_EXPECTED, type DueReceipts, type ExpectedReceipt } from '@app/sms-provider';

/** When each message is due (a sorted set), and what is known of it (a hash, JSON); the clock is Redis's. */
const CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

const ADD = new RedisScript<number>(`${CLOCK}
local dues, texts, id, text, after, max, ttl = KEYS[1], KEYS[2], ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
if not redis.call('ZSCORE', dues, id) and redis.call('ZCARD', dues) >= max then return 0 end
redis.call('ZADD', dues, now + after, id)
redis.call('HSET', texts, id, text)
redis.call('EXPIRE', dues, ttl)
redis.call('EXPIRE', texts, ttl)
return 1
`);

const TAKE = new RedisScript<(string | null)[]>(`${CLOCK}
local dues, texts = KEYS[1], KEYS[2]
local ids = redis.call('ZRANGEBYSCORE', dues, '-inf', now, 'LIMIT', 0, ARGV[1])
if #ids == 0 then return {} end
for _, id in ipairs(ids) do redis.call('ZADD', dues, now + ARGV[2], id) end
return redis.call('HMGET', texts, unpack(ids))
`);

const POSTPONE = new RedisScript<number>(`${CLOCK}
local dues, texts, id = KEYS[1], KEYS[2], ARGV[1]
if not redis.call('ZSCORE', dues, id) then return 0 end
redis.call('ZADD', dues, now + ARGV[3], id)
redis.call('HSET', texts, id, ARGV[2])
return 1
`);

const REMOVE = new RedisScript<number>(`
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('ZREM', KEYS[1], ARGV[1])
`);

export class RedisDueReceipts implements DueReceipts {
  private readonly keys: readonly string[];

  constructor(
    private readonly redis: Redis,
    private readonly max = MAX_EXPECTED,
    /** Before every key: tests share a Redis. */
    prefix = 'otpost',
  ) {
    this.keys = [`${prefix}:{receipts-due}:at`, `${prefix}:{receipts-due}:texts`];
  }

  async add(expected: ExpectedReceipt, afterMs: number): Promise<'added' | 'full'> {
    const args = [expected.text.messageId, JSON.stringify(expected), afterMs, this.max, LEDGER_TTL_SECONDS];
    return (await ADD.run(this.redis, this.keys, args)) === 1 ? 'added' : 'full';
  }

  async take(limit: number, leaseMs: number): Promise<readonly ExpectedReceipt[]> {
    const texts = await TAKE.run(this.redis, this.keys, [limit, leaseMs]);
    return texts.filter((text) => text !== null).map((text) => JSON.parse(text) as ExpectedReceipt);
  }

  async postpone(expected: ExpectedReceipt, afterMs: number): Promise<void> {
    await POSTPONE.run(this.redis, this.keys, [expected.text.messageId, JSON.stringify(expected), afterMs]);
  }

  async remove(messageId: string): Promise<void> {
    await REMOVE.run(this.redis, this.keys, [messageId]);
  }
}
