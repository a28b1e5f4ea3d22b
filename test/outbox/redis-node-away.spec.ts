import { closeRedis, createLogger, createRedis, type Redis } from '@app/common';
import type { Cluster } from 'ioredis';
import { LimitSettings } from '../../apps/gateway/src/limits/limits.config.js';
import { tagIn } from '../../apps/gateway/src/verification/verification-id.js';
import { sampleSend, sampleVerification, textOf } from '../gateway/samples.js';
import { redisStores } from '../gateway/stores.js';
import { testGateway } from '../gateway/test-gateway.js';
import { startRedisCluster } from '../support/redis-cluster.ts';
import { until } from '../support/until.js';

const LIMITS = { ...new LimitSettings(), cooldownSeconds: 60 };

/** Tags whose outbox lies on one node. */
async function tagsOn(redis: Redis, port: number): Promise<Set<string>> {
  const node = (redis as Cluster).nodes('master').find(({ options }) => options.port === port)!;
  const keys = await node.keys('otpost:*:outbox');
  return new Set(keys.map((key) => /\{(.+)\}/.exec(key)![1]!));
}

it('a node of a Redis Cluster that is away keeps its own texts in the outbox, and no others', async () => {
  const cluster = await startRedisCluster();
  const redis = createRedis(cluster.url, createLogger('test', 'silent'));
  await until('the cluster is ready', 10, () => redis.status === 'ready');
  const { verifications } = redisStores(redis);
  const now = new Date();
  const texts: { readonly messageId: string; readonly tag: string }[] = [];
  for (let n = 0; n < 60; n++) {
    const send = sampleSend('123456', now);
    const verification = sampleVerification(send);
    await verifications.open(verification, textOf(verification, send, now.getTime()), LIMITS, now);
    texts.push({ messageId: send.messageId, tag: tagIn(verification.id) });
  }
  const away = await tagsOn(redis, cluster.firstPort);
  const theirs = texts.filter(({ tag }) => !away.has(tag));
  expect(theirs.length).toBeGreaterThan(0);
  expect(theirs.length).toBeLessThan(texts.length);

  await cluster.stopFirst();
  const gateway = await testGateway({ REDIS_URL: cluster.url });
  await until('the texts of the other nodes are sent', 20, () => gateway.texts.count >= theirs.length);

  expect([...gateway.texts.arrivedAt.keys()].sort()).toEqual(theirs.map(({ messageId }) => messageId).sort());
  await gateway.close();
  await closeRedis(redis);
  await cluster.stop();
}, 120_000);
