import { closeRedis, createLogger, createRedis, type Redis } from '@app/common';
import { startEmbeddedBroker, type EmbeddedBroker } from '@app/embedded-broker';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createSmsWorker } from '../../apps/sms-worker/src/create-sms-worker.js';
import { smsWorkerConfig } from '../../apps/sms-worker/src/sms-worker.config.js';
import { startRedis, type Service } from '../support/services.ts';
import { newNumber, RECEIPTS_OF_CCP, startSystem, type System } from '../support/system.js';
import { until } from '../support/until.js';

const TEXTS = 5;

describe('S38 receipts that do not come, with Redis', () => {
  let broker: EmbeddedBroker;
  let server: Service;
  let redis: Redis;
  let system: System;
  const workers: NestFastifyApplication[] = [];

  beforeAll(async () => {
    [broker, server] = await Promise.all([startEmbeddedBroker(), startRedis()]);
    redis = createRedis(server.url, createLogger('test', 'silent'));
    system = await startSystem(
      { rabbitUrl: broker.url, redisUrl: server.url },
      {
        ...RECEIPTS_OF_CCP,
        RECEIPT_PROVIDERS: 'aliyun',
        SMS_PROVIDERS: 'aliyun',
        SMS_RECEIPT_WINDOW_SECONDS: '4',
      },
    );
  });
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.close()));
    await system.gateway.close(); // its worker is closed already
    await system.lab.close();
    await closeRedis(redis);
    await Promise.all([broker.close(), server.stop()]);
  });

  const timeline = async (id: string) => (await system.get(`/v1/verifications/${id}/timeline`)).body.timeline;
  const eventOf = (id: string, event: string) =>
    until(`${event} on the timeline`, 15, async () => (await timeline(id)).find((entry) => entry.event === event));
  const missed = async (worker: NestFastifyApplication): Promise<number> => {
    const metrics = await (await fetch(`${await worker.getUrl()}/metrics`)).text();
    return Number(/^otpost_sms_receipts_missing_total\{.*\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
  };

  it('are missed once each by whichever worker lives, and Redis keeps no readable number and nothing after it', async () => {
    system.lab.faults.set({ receipt: 'none' });
    const numbers = Array.from({ length: TEXTS }, newNumber);
    const ids: string[] = [];
    for (const to of numbers) ids.push((await system.post('/v1/verifications', { to })).body.id);
    for (const id of ids) await eventOf(id, 'sms.accepted');
    const kept = Object.values(await redis.hgetall('otpost:{receipts-due}:texts'));
    expect(kept).toHaveLength(TEXTS);
    for (const text of kept) {
      expect(text).toContain('sealed:v1:');
      for (const number of numbers) expect(text).not.toContain(number.slice(3));
    }
    const before = await missed(system.worker);
    await system.worker.close();

    for (let n = 0; n < 2; n++) {
      const worker = await createSmsWorker(smsWorkerConfig(system.environment));
      workers.push(worker);
      await worker.startAllMicroservices();
      await worker.listen(0, '127.0.0.1');
    }
    for (const id of ids)
      expect(await eventOf(id, 'sms.unknown')).toMatchObject({ provider: 'aliyun', errorCode: 'receipt-missing' });

    await until('nothing is kept', 5, async () => (await redis.exists('otpost:{receipts-due}:texts')) === 0);
    expect(await redis.exists('otpost:{receipts-due}:at')).toBe(0);
    const after = await Promise.all(workers.map(missed));
    expect(before + after[0]! + after[1]!).toBe(TEXTS);
    expect(system.lab.stats.view().queries).toBe(TEXTS);
  });

  it('a receipt takes its text off the list at once', async () => {
    system.lab.faults.clear();
    system.lab.receipts.sendTo(system.receiptsUrl);
    const { id } = (await system.post('/v1/verifications', { to: newNumber() })).body;

    await eventOf(id, 'sms.delivered');
    expect(await redis.exists('otpost:{receipts-due}:at')).toBe(0);
  });
});
