import { RedisScript, type Redis } from '@app/common';
import {
  LEDGER_TTL_SECONDS,
  MAX_ORPHANS,
  ORPHAN_TTL_SECONDS,
  type ReceiptBook,
  type ReceiptWord,
  type SentText,
} from '@app/sms-provider';

/** One hash an id: `text` (JSON) once the text is noted, and what receipts said before that, one word a status. */
const NOTE = new RedisScript<(string | null)[]>(`
redis.call('HSET', KEYS[1], 'text', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return redis.call('HMGET', KEYS[1], 'delivered', 'undelivered')
`);

const FIND = new RedisScript<string | null>(`return redis.call('HGET', KEYS[1], 'text')`);

/** The text may have been noted since it was looked for. */
const KEEP = new RedisScript<string | null>(`
local text = redis.call('HGET', KEYS[1], 'text')
if text then return text end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return false
`);

const COUNT = new RedisScript<number>(`
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
`);

export class RedisReceiptBook implements ReceiptBook {
  constructor(
    private readonly redis: Redis,
    private readonly maxOrphans = MAX_ORPHANS,
    /** Before every key: tests share a Redis. */
    private readonly prefix = 'otpost:receipt',
  ) {}

  async note(id: string, text: SentText): Promise<readonly ReceiptWord[]> {
    const words = await NOTE.run(this.redis, [this.keyOf(id)], [JSON.stringify(text), LEDGER_TTL_SECONDS]);
    return words.filter((word) => word !== null).map((word) => JSON.parse(word) as ReceiptWord);
  }

  async match(ids: readonly string[], word: ReceiptWord): Promise<SentText | 'kept' | 'dropped'> {
    const known = await this.first(ids, (key) => FIND.run(this.redis, [key], []));
    if (known) return known;
    const orphans = await COUNT.run(this.redis, [`${this.prefix}:orphans`], [ORPHAN_TTL_SECONDS]);
    if (orphans > this.maxOrphans) return 'dropped';
    const args = [word.status, JSON.stringify(word), ORPHAN_TTL_SECONDS];
    return (await this.first(ids, (key) => KEEP.run(this.redis, [key], args))) ?? 'kept';
  }

  /** All ids are asked, at once: each may be in another slot of a cluster. */
  private async first(
    ids: readonly string[],
    ask: (key: string) => Promise<string | null>,
  ): Promise<SentText | undefined> {
    const answers = await Promise.all(ids.map((id) => ask(this.keyOf(id))));
    const text = answers.find((answer) => answer !== null);
    return text === undefined || text === null ? undefined : (JSON.parse(text) as SentText);
  }

  private keyOf(id: string): string {
    return `${this.prefix}:${id}`;
  }
}
