import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { AppLogger } from '../telemetry/logger.js';
import { Readiness } from '../operations/readiness.js';
import { Metrics } from '../telemetry/metrics.js';
import { closeRedis, createRedis, type Redis } from './redis.js';
import { RedisRefusals } from './redis-refusals.js';

export const REDIS = Symbol('Redis');

/** One Redis connection for an app, under the token REDIS; readiness follows it, and it is closed last. */
@Module({})
export class RedisModule implements OnApplicationShutdown {
  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    readiness: Readiness,
    logger: AppLogger,
    metrics: Metrics,
  ) {
    const refusals = new RedisRefusals(redis, logger, metrics);
    readiness.add('redis', () => (redis.status === 'ready' ? refusals.trouble : redis.status));
  }

  static at(url: string): DynamicModule {
    const redis = { provide: REDIS, inject: [AppLogger], useFactory: (logger: AppLogger) => createRedis(url, logger) };
    return { module: RedisModule, global: true, providers: [redis], exports: [REDIS] };
  }

  onApplicationShutdown(): Promise<void> {
    return closeRedis(this.redis);
  }
}
