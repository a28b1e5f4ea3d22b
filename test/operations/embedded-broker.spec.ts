import { LeftOvers } from '@app/common';
import { randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startEmbeddedBroker, type EmbeddedBroker } from '@app/embedded-broker';
import { newNumber, request, startSystem, type System } from '../support/system.js';
import { messagesIn, withChannel } from '../support/broker-view.js';
import { until } from '../support/until.js';

/** What the demo has: no RabbitMQ, no Redis, no keys. */
describe('dead letters on the embedded broker', () => {
  let broker: EmbeddedBroker;
  let system: System;
  beforeAll(async () => {
    broker = await startEmbeddedBroker();
    system = await startSystem({ rabbitUrl: broker.url }, { SMS_MAX_ATTEMPTS: '1' });
  });
  afterAll(async () => {
    await system.close();
    await broker.close();
  });

  it('are listed, left out of a replay when their verification is over, and discarded', async () => {
    const url = `${await system.gateway.getUrl()}/v1/dead-letters`;
    const dead = async () => (await request(url, 'GET')).body as unknown as { waiting: number; deadLetters: object[] };
    system.lab.faults.set({ code: 'invalid-number' });
    await system.post('/v1/verifications', { to: newNumber() });

    const { deadLetters } = await until('it is dead', 10, async () => {
      const answer = await dead();
      return answer.waiting === 1 && answer;
    });

    expect(deadLetters).toMatchObject([{ class: 'PERMANENT', to: expect.stringMatching(/^\+86139\*{4}\d{4}$/) }]);
    expect(await system.post('/v1/dead-letters/replay')).toMatchObject({
      status: 200,
      body: { replayed: 0, skipped: { verification_undeliverable: 1 }, remaining: 0 },
    });
    expect(await system.post('/v1/dead-letters/discard')).toMatchObject({ body: { discarded: 1 } });
    expect(await dead()).toMatchObject({ waiting: 0, deadLetters: [] });
  });

  it('and what is parked is looked at up to 64 MiB, of each its head', async () => {
    const consumer = 'sms-worker';
    await withChannel(broker.url, async (channel) => {
      const body = Buffer.alloc(4 * 1024 * 1024, 'x');
      for (let n = 0; n < 20; n++) channel.sendToQueue(`${consumer}.parked`, body);
      await channel.waitForConfirms();
    });

    const { body } = await request(`${await system.gateway.getUrl()}/v1/parked`, 'GET');
    const { waiting, lookedAt, parked } = body as unknown as { waiting: number; lookedAt: number; parked: object[] };

    expect({ waiting, lookedAt }).toEqual({ waiting: 20, lookedAt: 16 });
    expect(parked[0]).toMatchObject({ bytes: 4 * 1024 * 1024, head: 'x'.repeat(200) });
    expect(await messagesIn(broker.url, `${consumer}.parked`)).toBe(20);
    await withChannel(broker.url, (channel) => channel.purgeQueue(`${consumer}.parked`));
  });

  it('are forgotten after a look', async () => {
    await withChannel(broker.url, async (channel) => {
      channel.sendToQueue('sms-worker.parked', Buffer.from('not JSON'));
      await channel.waitForConfirms();
    });
    const look = async () => {
      const items = await system.gateway
        .get(LeftOvers, { strict: false })
        .walkParked('sms-worker', async (walk) => [...walk.items]);
      return new WeakRef(items[0]!);
    };
    const seen = await look();
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;

    await until('it is collected', 5, () => {
      collect();
      return seen.deref() === undefined;
    });
  });

  it('that share a message id, or have none, are shown one by one and replayed one by one', async () => {
    const queue = 'gateway.outcomes';
    const messageId = randomUUID();
    const outcome = (pattern: string, id?: string) => ({ pattern, id, data: { messageId: id ?? '', provider: 'ccp' } });
    const letters = [
      ...Array.from({ length: 5 }, () => outcome('sms.accepted')),
      outcome('sms.accepted', messageId),
      outcome('sms.delivered', messageId),
      outcome('sms.delivered', messageId), // its twin
    ];
    await withChannel(broker.url, async (channel) => {
      for (const { id, ...body } of letters)
        channel.sendToQueue(`${queue}.dead`, Buffer.from(JSON.stringify(body)), {
          ...(id !== undefined && { messageId: id }),
          headers: { 'x-first-published': 1_790_000_000 },
        });
      await channel.waitForConfirms();
    });
    const url = `${await system.gateway.getUrl()}/v1/dead-letters?queue=${queue}&limit=3`;
    const pages = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await request(`${url}${cursor && `&cursor=${cursor}`}`, 'GET');
      const page = body as unknown as { cursor: string | null; deadLetters: object[] };
      pages.push(page.deadLetters.length);
      cursor = page.cursor;
    }

    expect(pages).toEqual([3, 3, 2]);
    expect(await system.post('/v1/dead-letters/replay', { queue })).toMatchObject({
      status: 200,
      body: { matching: 8, replayed: 7, twins: 1, skipped: {}, remaining: 0, stopped: null },
    });
    expect(await messagesIn(broker.url, `${queue}.dead`)).toBe(0);
  });
});
