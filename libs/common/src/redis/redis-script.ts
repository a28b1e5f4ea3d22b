import { createHash } from 'node:crypto';
import { RedisRefusedError, RedisUnavailableError, type Redis } from './redis.js';

/** Emitted by the client for each error that Redis answered a script with; of it the kind, no more. */
export const REFUSED = 'otpost:refused';

/** One Lua script: one round trip, one atomic step. */
export class RedisScript<Reply> {
  private readonly sha: string;

  constructor(private readonly lua: string) {
    this.sha = createHash('sha1').update(lua).digest('hex');
  }

  /** @throws RedisUnavailableError for whatever goes wrong between us and Redis, RedisRefusedError where it answered. */
  async run(redis: Redis, keys: readonly string[], args: readonly (string | number)[]): Promise<Reply> {
    try {
      return (await this.evaluate(redis, keys, args)) as Reply;
    } catch (error) {
      const reason = explained(error as Error);
      if (reason instanceof RedisRefusedError) redis.emit(REFUSED, reason.kind);
      throw reason;
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

function explained(error: Error): RedisUnavailableError {
  if (error.name === 'ReplyError') return new RedisRefusedError(kindOf(error), error);
  return new RedisUnavailableError(`Redis: ${error.message}`, { cause: error });
}

/** Inside a script Redis 6 says what was refused as `… -OOM …`, and Redis 7 names no kind for what a user may not do. */
function kindOf({ message }: Error): string {
  if (/^ERR .*user executing the script can't/.test(message)) return 'NOPERM';
  return /^ERR .*: -([A-Z]{2,20}) /.exec(message)?.[1] ?? /^([A-Z]{2,20}) /.exec(message)?.[1] ?? 'ERR';
}
