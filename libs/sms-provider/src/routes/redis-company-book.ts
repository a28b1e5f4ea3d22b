import { RedisScript, type Redis } from '@app/common';
import type { BreakerState } from './breaker.js';
import {
  entriesOf,
  pausesLeft,
  SILENT_AFTER_MS,
  type CompanyBook,
  type CompanyEntry,
  type LastWord,
  type PauseLeft,
  type Report,
} from './company-book.js';

/** By company: the last word; by worker: its last report. JSON both. One tag: one script reaches both. */
const WORDS = 'otpost:{companies}:words';
const WORKERS = 'otpost:{companies}:workers';
const KEYS = [WORDS, WORKERS];

/** One clock for all: that of Redis, in milliseconds. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** ARGV company, reason, by, for how many milliseconds or ''. */
const PAUSE = new RedisScript<1>(`${NOW}
local word = { paused = true, reason = ARGV[2], by = ARGV[3], at = now }
if ARGV[4] ~= '' then word['until'] = now + tonumber(ARGV[4]) end
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(word))
return 1
`);

/** ARGV company, by. */
const RESUME = new RedisScript<0 | 1>(`${NOW}
local record = redis.call('HGET', KEYS[1], ARGV[1])
if not record then return 0 end
local word = cjson.decode(record)
if not word.paused or (word['until'] and word['until'] <= now) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode({ paused = false, by = ARGV[2], at = now }))
return 1
`);

/** ARGV worker, its breakers as JSON, after how many milliseconds a worker is silent. Those that are silent are forgotten. */
const REPORT = new RedisScript<readonly [now: number, words: readonly string[]]>(`${NOW}
local workers = redis.call('HGETALL', KEYS[2])
for n = 1, #workers, 2 do
  if cjson.decode(workers[n + 1]).at + tonumber(ARGV[3]) < now then redis.call('HDEL', KEYS[2], workers[n]) end
end
redis.call('HSET', KEYS[2], ARGV[1], cjson.encode({ at = now, breakers = cjson.decode(ARGV[2]) }))
return { now, redis.call('HGETALL', KEYS[1]) }
`);

/** ARGV worker. */
const LEAVE = new RedisScript<0 | 1>(`return redis.call('HDEL', KEYS[2], ARGV[1])`);

const LIST = new RedisScript<readonly [now: number, words: readonly string[], reports: readonly string[]]>(`${NOW}
return { now, redis.call('HGETALL', KEYS[1]), redis.call('HVALS', KEYS[2]) }
`);

export class RedisCompanyBook implements CompanyBook {
  constructor(private readonly redis: Redis) {}

  async pause(company: string, { reason, by, forMs }: { reason: string; by: string; forMs?: number }): Promise<void> {
    await PAUSE.run(this.redis, KEYS, [company, reason, by, forMs ?? '']);
  }

  async resume(company: string, by: string): Promise<boolean> {
    return (await RESUME.run(this.redis, KEYS, [company, by])) === 1;
  }

  async report(
    worker: string,
    breakers: Readonly<Record<string, BreakerState>>,
  ): Promise<ReadonlyMap<string, PauseLeft>> {
    const [now, words] = await REPORT.run(this.redis, KEYS, [worker, JSON.stringify(breakers), SILENT_AFTER_MS]);
    return pausesLeft(wordsOf(words), now);
  }

  async leave(worker: string): Promise<void> {
    await LEAVE.run(this.redis, KEYS, [worker]);
  }

  async list(): Promise<readonly CompanyEntry[]> {
    const [now, words, reports] = await LIST.run(this.redis, KEYS, []);
    return entriesOf(
      wordsOf(words),
      reports.map((report) => JSON.parse(report) as Report),
      now,
    );
  }
}

/** A hash as Redis gives it: names and values in turn. */
const wordsOf = (hash: readonly string[]): ReadonlyMap<string, LastWord> =>
  new Map(hash.flatMap((name, n) => (n % 2 === 0 ? [[name, JSON.parse(hash[n + 1]!) as LastWord] as const] : [])));
