import { RedisScript, type PageKey, type Redis } from '@app/common';
import {
  MOST_LOOKED_AT,
  newestFirst,
  pageIn,
  type ListFilter,
  type Listed,
  type PageAsked,
} from './verification-list.js';
import { keyOf, numberIndexOf, serviceIndexOf } from './verification-keys.js';
import { tagIn, tagOf, TAGS } from './verification-id.js';
import type { Verification } from './verification.js';

/**
 * Reads the indexes that `OPEN` writes: of a service each tag's newest ids, merged, or those of one number; then what they
 * stand for, tag by tag. At most `MOST_LOOKED_AT` verifications are read, and 64 times as many ids.
 */
export async function listInRedis(
  redis: Redis,
  filter: ListFilter,
  { limit, after }: PageAsked,
  now: Date,
): Promise<Listed> {
  const { service, numberHash, status, createdAfter } = filter;
  const keys =
    numberHash === undefined
      ? TAGS.map((tag) => serviceIndexOf(tag, service))
      : [numberIndexOf(tagOf(numberHash), numberHash)];
  const look = status === undefined && numberHash === undefined ? limit : MOST_LOOKED_AT;
  const args = [after?.at ?? '', after?.id ?? '', createdAfter === undefined ? '-inf' : `(${createdAfter}`, look + 1];
  const replies = await Promise.all(keys.map((key) => NEWEST.run(redis, [key], args)));
  const found = replies.flatMap(pairsOf).sort(newestFirst);
  const candidates = found.slice(0, look);
  const verifications = await read(redis, candidates);
  return pageIn(candidates, found.length > look, verifications, filter, limit, now);
}

/** In the order of the keys, without those that are forgotten. */
async function read(redis: Redis, keys: readonly PageKey[]): Promise<Verification[]> {
  const byTag = new Map<string, string[]>();
  for (const { id } of keys) byTag.set(tagIn(id), [...(byTag.get(tagIn(id)) ?? []), id]);
  const found = new Map<string, Verification>();
  await Promise.all(
    [...byTag.values()].map(async (ids) => {
      const texts = await READ.run(redis, ids.map(keyOf), []);
      for (const [n, text] of texts.entries()) if (text) found.set(ids[n]!, JSON.parse(text) as Verification);
    }),
  );
  return keys.flatMap(({ id }) => found.get(id) ?? []);
}

const pairsOf = (flat: readonly string[]): PageKey[] =>
  Array.from({ length: flat.length / 2 }, (_, n) => ({ id: flat[2 * n]!, at: Number(flat[2 * n + 1]) }));

/** KEYS index. ARGV the moment and id of the last one shown or two empty texts, the earliest moment, how many. {id, moment, …} */
const NEWEST = new RedisScript<readonly string[]>(`
local before, id, earliest, count = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if before == '' then
  return redis.call('ZREVRANGEBYSCORE', KEYS[1], '+inf', earliest, 'WITHSCORES', 'LIMIT', 0, count)
end
local found = {}
local same = redis.call('ZREVRANGEBYSCORE', KEYS[1], before, before, 'WITHSCORES')
for n = 1, #same, 2 do
  if same[n] < id then
    table.insert(found, same[n])
    table.insert(found, same[n + 1])
  end
end
local older = redis.call('ZREVRANGEBYSCORE', KEYS[1], '(' .. before, earliest, 'WITHSCORES', 'LIMIT', 0, count)
for _, item in ipairs(older) do table.insert(found, item) end
return found
`);

/** KEYS verifications of one tag. */
const READ = new RedisScript<readonly (string | null)[]>(`return redis.call('MGET', unpack(KEYS))`);
