import { RedisScript } from '@app/common';

/**
 * One tag's outbox is a sorted set of messageIds by the moment they are due, and a hash of their events:
 * `otpost:{tag}:outbox`, `otpost:{tag}:outbox:events`. Both have the tag of the verifications they belong to.
 */
export const outboxKeysOf = (tag: string): readonly [due: string, events: string] => [
  `otpost:{${tag}}:outbox`,
  `otpost:{${tag}}:outbox:events`,
];
export const leaseKeyOf = (tag: string): string => `otpost:{${tag}}:outbox:lease`;

/** For scripts that change a verification and its outbox in one step. KEYS[2] is the set, KEYS[3] the hash. */
export const OUTBOX_PRELUDE = `
local function outbox_is_full(max) return redis.call('ZCARD', KEYS[2]) >= max end

local function put_text(message_id, event, due_at)
  redis.call('ZADD', KEYS[2], due_at, message_id)
  redis.call('HSET', KEYS[3], message_id, event)
end

local function drop_texts(sends)
  local dropped = 0
  for _, send in ipairs(sends) do
    dropped = dropped + redis.call('ZREM', KEYS[2], send.messageId)
    redis.call('HDEL', KEYS[3], send.messageId)
  end
  return dropped
end
`;

/** KEYS set. ARGV now. */
export const LOOK = new RedisScript<readonly [entries: number, due: number, oldestDueAt: string | null]>(`
local oldest = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, 1)
return { redis.call('ZCARD', KEYS[1]), redis.call('ZCOUNT', KEYS[1], '-inf', ARGV[1]), oldest[2] or false }
`);

/** KEYS set, hash, lease. ARGV now, owner, leaseMs, limit. {event, dueAt, event, dueAt, …}, or nothing. */
export const TAKE = new RedisScript<readonly string[] | null>(`
local owner = redis.call('GET', KEYS[3])
if owner and owner ~= ARGV[2] then return false end
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, tonumber(ARGV[4]))
if #due == 0 then
  if owner then redis.call('DEL', KEYS[3]) end
  return {}
end
redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
for i = 1, #due, 2 do due[i] = redis.call('HGET', KEYS[2], due[i]) end
return due
`);

/** KEYS set, hash. ARGV messageIds. */
export const REMOVE = new RedisScript<number>(`
redis.call('HDEL', KEYS[2], unpack(ARGV))
return redis.call('ZREM', KEYS[1], unpack(ARGV))
`);

/** KEYS lease. ARGV owner. */
export const RELEASE = new RedisScript<number>(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`);
