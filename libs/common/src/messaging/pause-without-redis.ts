import type { Redis } from '../redis/redis.js';
import type { EventServer } from './event-server.js';

/** While Redis is away no event is taken: none could be handled, and each try would use up an attempt. */
export function pauseWithoutRedis(server: EventServer, redis: Redis): void {
  redis.on('close', () => server.pause('Redis is away'));
  redis.on('ready', () => server.resume('Redis is away'));
  if (redis.status !== 'ready') server.pause('Redis is away');
}
