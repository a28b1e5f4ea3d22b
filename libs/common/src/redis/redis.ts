import { Redis } from 'ioredis';
import type { AppLogger } from '../telemetry/logger.js';

export type { Redis } from 'ioredis';

/** Redis did not do what was asked: it is down, too slow or refuses. Whether a write took effect is unknown. */
export class RedisUnavailableError extends Error {}

/**
 * A client that fails fast: nothing is queued while Redis is away, no command waits longer than two seconds, and it
 * reconnects by itself for ever.
 */
export function createRedis(url: string, logger: AppLogger): Redis {
  const redis = new Redis(url, {
    lazyConnect: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 2000,
    connectTimeout: 2000,
    retryStrategy: (times) => Math.min(100 * times, 1000),
    enableReadyCheck: true,
  });
  let complained = false;
  redis.on('error', (error: Error) => {
    if (!complained) logger.error({ reason: error.message }, 'Redis is not reachable; trying again');
    complained = true;
  });
  redis.on('ready', () => {
    complained = false;
    void warnOfEviction(redis, logger);
  });
  return redis;
}

/** An evicting Redis forgets limits and ledger entries just when it is busiest. */
async function warnOfEviction(redis: Redis, logger: AppLogger): Promise<void> {
  try {
    const policy = /maxmemory_policy:(\S+)/.exec(await redis.info('memory'))?.[1];
    if (policy && policy !== 'noeviction')
      logger.warn({ policy }, 'Redis evicts keys under memory pressure; set maxmemory-policy noeviction');
  } catch (error) {
    logger.debug({ reason: (error as Error).message }, 'could not read the maxmemory policy of Redis');
  }
}

/** Ends the connection when everything asked has been answered, and at once when Redis is away. */
export async function closeRedis(redis: Redis): Promise<void> {
  if (redis.status === 'ready') await redis.quit().catch(() => redis.disconnect());
  else redis.disconnect();
}
