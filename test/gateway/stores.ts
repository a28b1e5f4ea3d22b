import { closeRedis, createLogger, createRedis, type Redis } from '@app/common';
import { once } from 'node:events';
import { MemoryOutbox } from '../../apps/gateway/src/outbox/memory-outbox.js';
import type { Outbox } from '../../apps/gateway/src/outbox/outbox.js';
import { RedisOutbox } from '../../apps/gateway/src/outbox/redis-outbox.js';
import { MemoryVerificationStore } from '../../apps/gateway/src/verification/memory-verification-store.js';
import { RedisVerificationStore } from '../../apps/gateway/src/verification/redis-verification-store.js';
import type { VerificationStore } from '../../apps/gateway/src/verification/verification-store.js';
import { startRedis } from '../support/services.ts';

export interface Stores {
  readonly verifications: VerificationStore;
  readonly outbox: Outbox;
}

const ENOUGH = 1000;

export function memoryStores(outboxPerTag = ENOUGH, limit?: number): Stores {
  const outbox = new MemoryOutbox(outboxPerTag);
  return { verifications: new MemoryVerificationStore(outbox, limit), outbox };
}

export const redisStores = (redis: Redis, outboxPerTag = ENOUGH): Stores => ({
  verifications: new RedisVerificationStore(redis, outboxPerTag),
  outbox: new RedisOutbox(redis),
});

/** A Redis of one's own: what tests leave in its outbox is relayed by no gateway of another test. */
export async function connectedRedis(): Promise<{ url: string; redis: Redis; close(): Promise<void> }> {
  const service = await startRedis();
  const redis = createRedis(service.url, createLogger('test', 'silent'));
  await once(redis, 'ready');
  return {
    url: service.url,
    redis,
    async close() {
      await closeRedis(redis);
      await service.stop();
    },
  };
}
