import { randomUUID } from 'node:crypto';
import { withChannel } from '../support/broker-view.js';
import { newNumber, startSystem, type System } from '../support/system.js';
import { until } from '../support/until.js';
import { POISON } from './poison-corpus.js';

const PARKED = 'sms-worker.parked';

/** Celery's worker ends at the first of some of these, and so does the next one that gets it. */
describe(`${POISON.length} messages that nobody should publish`, () => {
  let system: System;
  const url = process.env.RABBITMQ_URL!;
  beforeAll(async () => {
    system = await startSystem({ rabbitUrl: url, redisUrl: process.env.REDIS_URL! });
    await withChannel(url, (channel) => channel.purgeQueue(PARKED));
  });
  afterAll(() => system.close());

  it('S54 are each parked with their reason, and the good ones between them arrive', async () => {
    const good: string[] = [];
    await withChannel(url, async (channel) => {
      for (const [n, { body, options }] of POISON.entries()) {
        const to = newNumber();
        good.push(to);
        const data = {
          messageId: randomUUID(),
          to,
          template: 'verification-code',
          locale: 'zh-CN',
          params: { code: '123456', minutes: '5' },
          expiresAt: new Date(Date.now() + 60_000).toISOString(),
        };
        channel.publish('otpost', 'sms.send', Buffer.from(body as string), { correlationId: String(n), ...options });
        channel.publish('otpost', 'sms.send', Buffer.from(JSON.stringify({ pattern: 'sms.send', data })));
      }
      await channel.waitForConfirms();
    });

    const parked = new Map<string, string>();
    await withChannel(url, async (channel) => {
      await until('all are parked', 20, async () => {
        for (
          let message = await channel.get(PARKED, { noAck: true });
          message;
          message = await channel.get(PARKED, { noAck: true })
        ) {
          parked.set(String(message.properties.correlationId), String(message.properties.headers!['x-reason']));
        }
        return parked.size === POISON.length;
      }).catch(() => undefined); // the comparison below names what is missing
    });
    const told = POISON.map(({ what, reason }, n) => [
      what,
      parked.get(String(n))?.startsWith(reason) ? reason : (parked.get(String(n)) ?? 'not parked'),
    ]);

    expect(told).toEqual(POISON.map(({ what, reason }) => [what, reason]));
    await until('the good ones arrive', 20, () => good.every((to) => system.lab.inbox.list(to).length === 1));
    expect((await system.get('/livez')).status).toBe(200);
  }, 60_000);

  it('are more than sixty', () => expect(POISON.length).toBeGreaterThanOrEqual(60));
});
