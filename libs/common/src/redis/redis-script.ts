import { createHash } from 'node:crypto';
import { RedisUnavailableError, type Redis } from './redis.js';

/** One Lua script: one round trip, one atomic step. */
export class RedisScript<Reply> {
  private readonly sha: string;

  constructor(private readonly lua: string) {
    this.sha = createHash('sha1').update(lua).digest('hex');
  }

  /** @throws RedisUnavailableError for whatever goes wrong between us and Redis. */
  async run(redis: Redis, keys: readonly string[], args: readonly (string | number)[]): Promise<Reply> {
    try {
      return (await this.evaluate(redis, keys, args)) as Reply;
    } catch (error) {
      throw new RedisUnavailableError(`Redis: ${(error as Error).message}`, { cause: error });
    }
  }

  private async evaluate(redis: Redis, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await redis.evalsha(this.sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
      return redis.eval(this.lua, keys.length, ...keys, ...args);
    }
  }
}
