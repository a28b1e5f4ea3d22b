import { RedisScript, type Redis } from '@app/common';
import {
  KEPT_MS,
  RUNNING_MS,
  type Begun,
  type IdempotencyStore,
  type KeptAnswer,
  type Run,
} from './idempotency-store.js';
import type { RequestSeed } from './request-seed.js';

/**
 * `otpost:{id}:request` (hash: fingerprint, seed, answer) for 24 h, `otpost:{id}:request:running` (the owner) for 10 s.
 */
const keysOf = ({ id }: Pick<Run, 'id'>): [request: string, running: string] => [
  `otpost:{${id}}:request`,
  `otpost:{${id}}:request:running`,
];

type Reply = readonly [kind: 'begun' | 'again' | 'running' | 'reused' | 'answered', detail?: string];

/** KEYS request, running. ARGV fingerprint, owner, seed, runningMs, keptMs. */
const BEGIN = new RedisScript<Reply>(`
local known = redis.call('HMGET', KEYS[1], 'fingerprint', 'seed', 'answer')
if known[1] and known[1] ~= ARGV[1] then return { 'reused' } end
if known[3] then return { 'answered', known[3] } end
if not redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[4]) then return { 'running' } end
if known[1] then return { 'again', known[2] } end
redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'seed', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return { 'begun', ARGV[3] }
`);

/** KEYS request, running. ARGV owner, answer. A request that is not known any more stays unknown. */
const ANSWER = new RedisScript<number>(`
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSETNX', KEYS[1], 'answer', ARGV[2]) end
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
return 1
`);

/** KEYS request, running. ARGV owner, and `forget` or not. */
const END = new RedisScript<number>(`
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
if ARGV[2] == 'forget' then redis.call('DEL', KEYS[1]) end
return 1
`);

export class RedisIdempotencyStore implements IdempotencyStore {
  constructor(private readonly redis: Redis) {}

  async knows(id: string): Promise<boolean> {
    return (await this.redis.exists(keysOf({ id })[0])) === 1;
  }

  async begin(run: Run, seed: RequestSeed): Promise<Begun> {
    const args = [run.fingerprint, run.owner, JSON.stringify(seed), RUNNING_MS, KEPT_MS];
    const [kind, detail] = await BEGIN.run(this.redis, keysOf(run), args);
    switch (kind) {
      case 'running':
      case 'reused':
        return { kind };
      case 'answered':
        return { kind, answer: JSON.parse(detail!) as KeptAnswer };
      case 'begun':
      case 'again':
        return { kind: 'begun', seed: JSON.parse(detail!) as RequestSeed, again: kind === 'again' };
    }
  }

  async answer(run: Run, answer: KeptAnswer): Promise<void> {
    await ANSWER.run(this.redis, keysOf(run), [run.owner, JSON.stringify(answer)]);
  }

  async end(run: Run): Promise<void> {
    await END.run(this.redis, keysOf(run), [run.owner, 'end']);
  }

  async forget(run: Run): Promise<void> {
    await END.run(this.redis, keysOf(run), [run.owner, 'forget']);
  }
}
