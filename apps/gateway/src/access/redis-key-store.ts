import { RedisScript, type Redis } from '@app/common';
import type { ApiKey } from './api-key.js';
import { MOST_KEYS, MOST_OF_SERVICE, type KeptKey, type KeyStore } from './key-store.js';

/** By id: the key as JSON; by the hash of a secret: its key's id; by id: when it was last used. One tag: one script reaches all. */
const RECORDS = 'otpost:{api-keys}:records';
const HASHES = 'otpost:{api-keys}:hashes';
const USED = 'otpost:{api-keys}:used';
const KEYS = [RECORDS, HASHES, USED];

type Kept = readonly [record: string | null, usedAt?: string | null];

/** ARGV id, record, hash of its secret, most, service, most of a service, now. A record that cannot be read counts for no service. */
const CREATE = new RedisScript<'created' | 'taken' | 'full'>(`
local now = tonumber(ARGV[7])
local expired, any_expired, of_service = {}, false, 0
local all = redis.call('HGETALL', KEYS[1])
for n = 1, #all, 2 do
  local readable, key = pcall(cjson.decode, all[n + 1])
  if readable and key.expiresAt and now >= key.expiresAt then
    expired[all[n]], any_expired = true, true
  elseif readable and key.service == ARGV[5] then
    of_service = of_service + 1
  end
end
if any_expired then
  local hashes = redis.call('HGETALL', KEYS[2])
  for n = 1, #hashes, 2 do
    if expired[hashes[n + 1]] then redis.call('HDEL', KEYS[2], hashes[n]) end
  end
  for id in pairs(expired) do
    redis.call('HDEL', KEYS[1], id)
    redis.call('HDEL', KEYS[3], id)
  end
end
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 'taken' end
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) or of_service >= tonumber(ARGV[6]) then return 'full' end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[2], ARGV[3], ARGV[1])
return 'created'
`);

/** ARGV hash. */
const FIND_BY_HASH = new RedisScript<Kept>(`
local id = redis.call('HGET', KEYS[2], ARGV[1])
if not id then return { false } end
return { redis.call('HGET', KEYS[1], id), redis.call('HGET', KEYS[3], id) }
`);

/** ARGV id. */
const FIND = new RedisScript<Kept>(`
return { redis.call('HGET', KEYS[1], ARGV[1]), redis.call('HGET', KEYS[3], ARGV[1]) }
`);

const LIST = new RedisScript<readonly Kept[]>(`
local all = {}
for _, id in ipairs(redis.call('HKEYS', KEYS[1])) do
  table.insert(all, { redis.call('HGET', KEYS[1], id), redis.call('HGET', KEYS[3], id) })
end
return all
`);

/** Whatever its record holds, a key can be ended: nothing of it is read. */
const FORGET_HASHES = `
local function forget_hashes(id)
  local all = redis.call('HGETALL', KEYS[2])
  for n = 1, #all, 2 do
    if all[n + 1] == id then redis.call('HDEL', KEYS[2], all[n]) end
  end
end
`;

/** ARGV id, record before, record after, hashes of its secrets. */
const REPLACE = new RedisScript<0 | 1>(`${FORGET_HASHES}
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
forget_hashes(ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
for n = 4, #ARGV do redis.call('HSET', KEYS[2], ARGV[n], ARGV[1]) end
return 1
`);

/** ARGV id. */
const REMOVE = new RedisScript<0 | 1>(`${FORGET_HASHES}
forget_hashes(ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
return redis.call('HDEL', KEYS[1], ARGV[1])
`);

/** ARGV id, now. */
const TOUCH = new RedisScript<number>(`
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
return redis.call('HSET', KEYS[3], ARGV[1], ARGV[2])
`);

/** For any number of gateways on one Redis or Redis Cluster. */
export class RedisKeyStore implements KeyStore {
  constructor(private readonly redis: Redis) {}

  create(key: ApiKey, now: Date): Promise<'created' | 'taken' | 'full'> {
    const bounds = [MOST_KEYS, key.service, MOST_OF_SERVICE, now.getTime()];
    return CREATE.run(this.redis, KEYS, [key.id, JSON.stringify(key), key.secrets[0]!.hash, ...bounds]);
  }

  async findByHash(hash: string): Promise<KeptKey | undefined> {
    return keptOf(await FIND_BY_HASH.run(this.redis, KEYS, [hash]));
  }

  async find(id: string): Promise<KeptKey | undefined> {
    return keptOf(await FIND.run(this.redis, KEYS, [id]));
  }

  async list(): Promise<readonly KeptKey[]> {
    const all = (await LIST.run(this.redis, KEYS, [])).map(keptOf);
    return all.filter((kept) => kept !== undefined).sort((a, b) => (a.key.id < b.key.id ? -1 : 1));
  }

  async replace(before: ApiKey, after: ApiKey): Promise<boolean> {
    const records = [JSON.stringify(before), JSON.stringify(after)];
    return (await REPLACE.run(this.redis, KEYS, [before.id, ...records, ...hashesOf(after)])) === 1;
  }

  async remove(id: string): Promise<boolean> {
    return (await REMOVE.run(this.redis, KEYS, [id])) === 1;
  }

  async touch(id: string, now: Date): Promise<void> {
    await TOUCH.run(this.redis, KEYS, [id, now.getTime()]);
  }
}

const hashesOf = ({ secrets }: ApiKey): string[] => secrets.map(({ hash }) => hash);

function keptOf([record, usedAt]: Kept): KeptKey | undefined {
  if (!record) return undefined;
  return { key: JSON.parse(record) as ApiKey, ...(usedAt && { lastUsedAt: Number(usedAt) }) };
}
