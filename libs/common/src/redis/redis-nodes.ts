export const REDIS_SCHEMES = ['redis', 'rediss', 'redis+cluster', 'rediss+cluster'] as const;

/** What REDIS_URL means. */
export interface RedisNodes {
  readonly cluster: boolean;
  /** With redis:// or rediss://; of a cluster, the nodes that are asked for all others. */
  readonly urls: readonly string[];
}

/** Several addresses, or one with `+cluster` in its scheme, are a Redis Cluster. */
export function redisNodesOf(url: string): RedisNodes {
  const urls = url.split(',').map((one) => one.trim());
  return {
    cluster: urls.length > 1 || urls.some((one) => /^rediss?\+cluster:/.test(one)),
    urls: urls.map((one) => one.replace('+cluster:', ':')),
  };
}
