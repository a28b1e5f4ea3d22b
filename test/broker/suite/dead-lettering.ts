import type { ConfirmChannel, GetMessage } from 'amqplib';
import {
  accepts,
  casesOf,
  countOf,
  get,
  getAll,
  publish,
  QUORUM,
  textOf,
  untilCount,
  type BrokerUnderTest,
  type Workbench,
} from '../workbench.ts';
import { until } from '../../support/until.ts';

const AT_LEAST_ONCE = { ...QUORUM, 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' };
/** The time of a death, in seconds. */
const RECENT = { '!': 'timestamp', value: expect.any(Number) as number };

/** A classic queue for the dead, and a queue that sends its dead there. */
async function pair(
  bench: Workbench,
  channel: ConfirmChannel,
  args: object = {},
): Promise<{ queue: string; dead: string }> {
  const dead = await bench.queue(channel);
  const queue = await bench.queue(channel, {
    ...args,
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': dead,
  });
  return { queue, dead };
}

const firstDeath = (queue: string, reason: string, exchange = '') => ({
  'x-first-death-exchange': exchange,
  'x-first-death-queue': queue,
  'x-first-death-reason': reason,
});

export function deadLettering(broker: BrokerUnderTest): void {
  const test = casesOf(broker);

  for (const [kind, args] of [
    ['classic', {}],
    ['quorum', QUORUM],
    ['at-least-once', AT_LEAST_ONCE],
  ] as const) {
    const death = (queue: string, reason: string, more: object = {}) => ({
      ...firstDeath(queue, reason),
      'x-death': [{ count: 1, reason, queue, time: RECENT, exchange: '', 'routing-keys': [queue], ...more }],
    });

    test(`${kind}: what is rejected leaves with its history and without its expiration`, async (bench) => {
      const channel = await bench.channel();
      const { queue, dead } = await pair(bench, channel, args);
      channel.sendToQueue(queue, Buffer.from('a'), { headers: { mine: 1 }, expiration: '60000', messageId: 'm' });
      channel.nack(await get(channel, queue), false, false);
      const message = await get(channel, dead);
      expect(textOf(message)).toBe('a');
      expect(message.fields).toMatchObject({ exchange: '', routingKey: dead, redelivered: false });
      expect(message.properties).toMatchObject({ messageId: 'm', expiration: undefined });
      expect(message.properties.headers).toEqual({
        mine: 1,
        ...death(queue, 'rejected', { 'original-expiration': '60000' }),
      });
      const [{ time }] = message.properties.headers!['x-death'] as unknown as [{ time: { value: number } }];
      expect(Math.abs(time.value - Date.now() / 1000)).toBeLessThan(10);
    });

    test(`${kind}: what expires leaves; the shorter time counts, the queue's or its own`, async (bench) => {
      const channel = await bench.channel();
      const { queue, dead } = await pair(bench, channel, { ...args, 'x-message-ttl': 400 });
      const started = Date.now();
      await publish(channel, queue, 'a');
      expect((await get(channel, dead)).properties.headers).toEqual(death(queue, 'expired'));
      expect(Date.now() - started).toBeGreaterThanOrEqual(395);

      channel.sendToQueue(queue, Buffer.from('b'), { expiration: '30000' });
      expect((await get(channel, dead)).properties.headers).toEqual(
        death(queue, 'expired', { 'original-expiration': '30000' }),
      );

      const again = Date.now();
      channel.sendToQueue(queue, Buffer.from('c'), { expiration: '100' });
      expect((await get(channel, dead)).properties.headers).toEqual(
        death(queue, 'expired', { 'original-expiration': '100' }),
      );
      expect(Date.now() - again).toBeLessThan(390);
    });

    test(`${kind}: a message expires only when it is the first`, async (bench) => {
      const channel = await bench.channel();
      const { queue, dead } = await pair(bench, channel, args);
      const started = Date.now();
      channel.sendToQueue(queue, Buffer.from('slow'), { expiration: '500' });
      channel.sendToQueue(queue, Buffer.from('quick'), { expiration: '50' });
      expect((await getAll(channel, dead, 2)).map(textOf)).toEqual(['slow', 'quick']);
      expect(Date.now() - started).toBeGreaterThanOrEqual(490);
    });

    test(`${kind}: an expiration of 0 means now or never`, async (bench) => {
      const channel = await bench.channel();
      const { queue, dead } = await pair(bench, channel, args);
      channel.sendToQueue(queue, Buffer.from('a'), { expiration: '0' });
      expect(textOf(await get(channel, dead))).toBe('a');
    });
  }

  for (const [kind, args] of [
    ['classic', {}],
    ['quorum', QUORUM],
  ] as const) {
    test(`${kind}: what is pushed out of a full queue leaves from its head`, async (bench) => {
      const channel = await bench.channel();
      const { queue, dead } = await pair(bench, channel, { ...args, 'x-max-length': 2 });
      await publish(channel, queue, ...'1234');
      const messages = await getAll(channel, dead, 2);
      expect(messages.map(textOf)).toEqual(['1', '2']);
      expect(messages[0]!.properties.headers).toMatchObject(firstDeath(queue, 'maxlen'));
      expect((await getAll(channel, queue, 2)).map(textOf)).toEqual(['3', '4']);
    });

    test(`${kind}: an expired message that is held expires when it comes back`, async (bench) => {
      const channel = await bench.channel();
      const { queue, dead } = await pair(bench, channel, { ...args, 'x-message-ttl': 200 });
      await publish(channel, queue, 'held', 'next');
      const held = await get(channel, queue);
      expect(textOf(await get(channel, dead))).toBe('next');
      channel.nack(held);
      expect(textOf(await get(channel, dead))).toBe('held');
    });
  }

  test('S55 what came back too often leaves: limit 2 is three deliveries', async (bench) => {
    const channel = await bench.channel();
    const { queue, dead } = await pair(bench, channel, { ...QUORUM, 'x-delivery-limit': 2 });
    let deliveries = 0;
    await channel.consume(queue, (message) => {
      deliveries++;
      channel.nack(message!);
    });
    await publish(channel, queue, 'a');
    const { properties } = await get(channel, dead);
    expect(deliveries).toBe(3);
    expect(properties.headers).toEqual({
      ...firstDeath(queue, 'delivery_limit'),
      'x-death': [{ count: 1, reason: 'delivery_limit', queue, time: RECENT, exchange: '', 'routing-keys': [queue] }],
    });
  });

  test('crashes of its consumer count towards the limit', async (bench) => {
    const channel = await bench.channel();
    const { queue, dead } = await pair(bench, channel, { ...QUORUM, 'x-delivery-limit': 1 });
    await publish(channel, queue, 'a');
    for (let crash = 1; crash <= 2; crash++) {
      const connection = await bench.connection();
      await get(await bench.channel(connection), queue);
      await connection.close();
    }
    expect((await get(channel, dead)).properties.headers).toMatchObject(firstDeath(queue, 'delivery_limit'));
  });

  test('a full queue may send on what it refuses', async (bench) => {
    const channel = await bench.channel();
    const { queue, dead } = await pair(bench, channel, { 'x-max-length': 1, 'x-overflow': 'reject-publish-dlx' });
    expect([await accepts(channel, queue, '1'), await accepts(channel, queue, '2')]).toEqual([true, false]);
    const message = await get(channel, dead);
    expect([textOf(message), message.properties.headers!['x-first-death-reason']]).toEqual(['2', 'maxlen']);
  });

  test('deaths in the same way are counted, the latest stands first, and the first is remembered', async (bench) => {
    const channel = await bench.channel();
    const [main, delay] = [bench.queueName(), bench.queueName()];
    await channel.assertQueue(main, {
      arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': delay },
    });
    await channel.assertQueue(delay, {
      arguments: { 'x-message-ttl': 50, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': main },
    });
    await publish(channel, main, 'a');
    for (let round = 1; round <= 2; round++) channel.nack(await get(channel, main), false, false);
    expect((await get(channel, main)).properties.headers).toEqual({
      ...firstDeath(main, 'rejected'),
      'x-death': [
        { count: 2, reason: 'expired', queue: delay, time: RECENT, exchange: '', 'routing-keys': [delay] },
        { count: 2, reason: 'rejected', queue: main, time: RECENT, exchange: '', 'routing-keys': [main] },
      ],
    });
  });

  test('without a routing key of its own a dead letter keeps the one it came with', async (bench) => {
    const channel = await bench.channel();
    const [events, letters] = [await bench.exchange(channel, 'topic'), await bench.exchange(channel, 'direct')];
    const [queue, dead] = [
      await bench.queue(channel, { 'x-dead-letter-exchange': letters }),
      await bench.queue(channel),
    ];
    await channel.bindQueue(queue, events, 'sms.*');
    await channel.bindQueue(dead, letters, 'sms.send');
    channel.publish(events, 'sms.send', Buffer.from('a'));
    channel.nack(await get(channel, queue), false, false);
    const { fields, properties } = await get(channel, dead);
    expect(fields).toMatchObject({ exchange: letters, routingKey: 'sms.send' });
    expect(properties.headers).toEqual({
      ...firstDeath(queue, 'rejected', events),
      'x-death': [
        { count: 1, reason: 'rejected', queue, time: RECENT, exchange: events, 'routing-keys': ['sms.send'] },
      ],
    });
  });

  test('what nobody could stop from going round is dropped', async (bench) => {
    const channel = await bench.channel();
    const [one, two, sink] = [bench.queueName(), bench.queueName(), await bench.queue(channel)];
    const to = (target: string) => ({
      'x-message-ttl': 50,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': target,
    });
    await channel.assertQueue(one, { arguments: to(two) });
    await channel.assertQueue(two, { arguments: to(one) });
    await publish(channel, one, 'a');
    await until('the end of it', 5, async () => (await countOf(channel, one)) + (await countOf(channel, two)) === 0);
    // What expires after it in the same way shows that its time had come.
    const { queue, dead } = await pair(bench, channel, { 'x-message-ttl': 200 });
    await publish(channel, queue, 'b');
    await get(channel, dead);
    expect([await countOf(channel, one), await countOf(channel, two), await countOf(channel, sink)]).toEqual([0, 0, 0]);
  });

  test('without a dead-letter exchange, or with one that is missing, the dead are dropped', async (bench) => {
    const channel = await bench.channel();
    for (const args of [{}, { 'x-dead-letter-exchange': bench.name('missing') }]) {
      const queue = await bench.queue(channel, args);
      await publish(channel, queue, 'a', 'b');
      channel.nack(await get(channel, queue), false, false);
      channel.ack(await get(channel, queue));
      await untilCount(channel, queue, 0);
    }
  });

  test("otpost's own topology: a failed event waits in its delay queue, returns, and is parked when it is refused", async (bench) => {
    const channel = await bench.channel();
    const [events, consumer] = [await bench.exchange(channel, 'topic'), await bench.exchange(channel, 'direct')];
    const [main, retry, parked] = [bench.queueName('main'), bench.queueName('retry'), bench.queueName('parked')];
    const declare = async (queue: string, args: object) => {
      await channel.assertQueue(queue, { arguments: args });
      await channel.bindQueue(queue, consumer, queue);
    };
    const deadTo = (queue: string) => ({
      ...AT_LEAST_ONCE,
      'x-dead-letter-exchange': consumer,
      'x-dead-letter-routing-key': queue,
    });
    await declare(parked, QUORUM);
    await declare(main, { ...deadTo(parked), 'x-delivery-limit': 1000 });
    await declare(retry, { ...deadTo(main), 'x-message-ttl': 300 });
    await channel.bindQueue(main, events, 'sms.send');

    const seen: GetMessage[] = [];
    channel.publish(events, 'sms.send', Buffer.from('a'), { mandatory: true, persistent: true });
    const first = await get(channel, main);
    const sent = Date.now();
    channel.publish(consumer, retry, first.content, { headers: { 'x-attempt': 2 }, mandatory: true });
    await channel.waitForConfirms();
    channel.ack(first);
    seen.push(await get(channel, main));
    expect(Date.now() - sent).toBeGreaterThanOrEqual(295);
    expect(seen[0]!.fields).toMatchObject({ exchange: consumer, routingKey: main, redelivered: false });
    expect(seen[0]!.properties.headers).toMatchObject({ 'x-attempt': 2, ...firstDeath(retry, 'expired', consumer) });

    channel.nack(seen[0]!, false, false);
    const { headers } = (await get(channel, parked)).properties;
    expect(
      (headers!['x-death'] as { reason: string; queue: string }[]).map(({ reason, queue }) => [reason, queue]),
    ).toEqual([
      ['rejected', main],
      ['expired', retry],
    ]);
  });
}
