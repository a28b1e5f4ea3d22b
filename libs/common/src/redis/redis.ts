import { Cluster, Redis as SingleRedis, type ClusterOptions, type RedisOptions } from 'ioredis';
import type { AppLogger } from '../telemetry/logger.js';
import { redisNodesOf } from './redis-nodes.js';

/** One server or a cluster of them. All keys of one script have one hash tag, so that both take it. */
export type Redis = SingleRedis | Cluster;

/** Redis did not do what was asked: it is down, too slow or refuses. Whether a write took effect is unknown. */
export class RedisUnavailableError extends Error {}

/**
 * Redis answered that it does not do it: it is full, read-only, closed to this user. What was asked for has not taken effect.
 * `kind` is the first word of its answer: OOM, READONLY, NOPERM; ERR for a script that fails.
 */
export class RedisRefusedError extends RedisUnavailableError {
  constructor(
    readonly kind: string,
    error: Error,
  ) {
    super(`Redis: ${error.message}`, { cause: error });
  }
}

const FAIL_FAST: RedisOptions = {
  lazyConnect: false,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  commandTimeout: 2000,
  connectTimeout: 2000,
  retryStrategy: (times) => Math.min(100 * times, 1000),
  enableReadyCheck: true,
  // A primary that was demoted keeps its connections: another one may lead to the new primary.
  reconnectOnError: ({ message }) => message.includes('READONLY'),
};

/** A command that a cluster sends elsewhere, or cannot serve while it fails over, is asked again for half a second. */
const CLUSTER: ClusterOptions = {
  enableOfflineQueue: false,
  maxRedirections: 5,
  retryDelayOnFailover: 100,
  retryDelayOnClusterDown: 100,
  retryDelayOnTryAgain: 100,
  clusterRetryStrategy: (times) => Math.min(100 * times, 1000),
  slotsRefreshTimeout: 2000,
};

/**
 * A client that fails fast: nothing is queued while Redis is away, no command waits longer than two seconds, and it
 * reconnects by itself for ever, also when it finds itself at a replica. `url` is what REDIS_URL may be.
 */
export function createRedis(url: string, logger: AppLogger): Redis {
  const redis = clientOf(url);
  let complained = false;
  redis.on('error', (error: Error) => {
    if (!complained) logger.error({ reason: error.message }, 'Redis is not reachable; trying again');
    complained = true;
  });
  redis.on('ready', () => {
    complained = false;
    for (const server of serversOf(redis)) void warnOfEviction(server, logger);
  });
  return redis;
}

function clientOf(url: string): Redis {
  const { cluster, urls } = redisNodesOf(url);
  if (!cluster) return new SingleRedis(urls[0]!, FAIL_FAST);
  const { protocol, username, password } = new URL(urls[0]!);
  const redisOptions: RedisOptions = {
    ...FAIL_FAST,
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' && { tls: {} }),
  };
  return new Cluster([...urls], { ...CLUSTER, redisOptions });
}

const serversOf = (redis: Redis): SingleRedis[] => (redis instanceof Cluster ? redis.nodes('master') : [redis]);

/** An evicting Redis forgets limits and ledger entries just when it is busiest. */
async function warnOfEviction(redis: SingleRedis, logger: AppLogger): Promise<void> {
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
