import type { Message } from 'amqplib';
import {
  accepts,
  casesOf,
  countOf,
  get,
  publish,
  QUORUM,
  refusal,
  textOf,
  type BrokerUnderTest,
} from '../workbench.ts';

/** Routing key → the patterns that take it. */
const TOPICS: [string, string[]][] = [
  ['', ['#', '']],
  ['a', ['#', '*', 'a.#']],
  ['a.b', ['#', 'a.*', 'a.#', '#.b', '*.*']],
  ['a.x.b', ['#', 'a.#', '#.b', 'a.*.b', '#.x.#']],
  ['a..b', ['#', 'a.#', '#.b', 'a.*.b', 'a..b']],
  ['.', ['#', '*.*']],
  ['x', ['#', '*', '#.x.#']],
  ['a.b.c.b', ['#', 'a.#', '#.b']],
];

export function publishing(broker: BrokerUnderTest): void {
  const test = casesOf(broker);

  test('a topic exchange matches by words', async (bench) => {
    const channel = await bench.channel();
    const exchange = await bench.exchange(channel, 'topic');
    const patterns = [...new Set(TOPICS.flatMap(([, matching]) => matching))];
    const queues = new Map<string, string>();
    for (const pattern of patterns) {
      const queue = await bench.queue(channel);
      await channel.bindQueue(queue, exchange, pattern);
      queues.set(pattern, queue);
    }
    for (const [key, matching] of TOPICS) {
      channel.publish(exchange, key, Buffer.from('a'));
      await channel.waitForConfirms();
      const reached: string[] = [];
      for (const [pattern, queue] of queues) if (await channel.get(queue, { noAck: true })) reached.push(pattern);
      expect([key, reached.sort()]).toEqual([key, matching.sort()]);
    }
  });

  test('direct goes by the key, fanout to all, default to the queue of that name; each queue once', async (bench) => {
    const channel = await bench.channel();
    const [direct, fanout] = [await bench.exchange(channel, 'direct'), await bench.exchange(channel, 'fanout')];
    const [one, two] = [await bench.queue(channel), await bench.queue(channel)];
    for (const key of ['a', 'b', 'a']) await channel.bindQueue(one, direct, key);
    for (const key of ['x', 'y']) await channel.bindQueue(one, fanout, key);
    await channel.bindQueue(two, fanout, 'z');

    const counts: number[][] = [];
    for (const [exchange, key] of [
      [direct, 'a'],
      [direct, 'c'],
      [fanout, 'any'],
      ['', two],
    ] as const) {
      channel.publish(exchange, key, Buffer.from('a'));
      await channel.waitForConfirms();
      counts.push([await countOf(channel, one), await countOf(channel, two)]);
    }
    expect(counts).toEqual([
      [1, 0],
      [1, 0],
      [2, 1],
      [2, 2],
    ]);
  });

  test('a mandatory message that reaches nobody comes back before it is confirmed', async (bench) => {
    const channel = await bench.channel();
    const seen: (string | Message)[] = [];
    channel.on('return', (message: Message) => seen.push(message));
    await new Promise<void>((resolve) => {
      channel.publish(
        'amq.topic',
        'no.where',
        Buffer.from('body'),
        { mandatory: true, messageId: 'm', headers: { a: 1 } },
        () => {
          seen.push('confirmed');
          resolve();
        },
      );
    });
    expect(seen).toEqual([
      expect.objectContaining({
        content: Buffer.from('body'),
        fields: { replyCode: 312, replyText: 'NO_ROUTE', exchange: 'amq.topic', routingKey: 'no.where' },
        properties: expect.objectContaining({ messageId: 'm', headers: { a: 1 } }),
      }),
      'confirmed',
    ]);
  });

  test('what is not mandatory is confirmed and forgotten', async (bench) => {
    const channel = await bench.channel();
    channel.on('return', () => expect('a return').toBe('none'));
    expect(await accepts(channel, bench.name('missing'))).toBe(true);
  });

  test('refuses a missing and an internal exchange', async (bench) => {
    const internal = await bench.exchange(await bench.channel(), 'topic', { internal: true });
    expect(await refusal(bench, (channel) => channel.publish('none', 'a', Buffer.from('a')))).toBe(
      "404 NOT_FOUND - no exchange 'none' in vhost '/'",
    );
    expect(await refusal(bench, (channel) => channel.publish(internal, 'a', Buffer.from('a')))).toBe(
      `403 ACCESS_REFUSED - cannot publish to internal exchange '${internal}' in vhost '/'`,
    );
  });

  for (const [expiration, why] of [
    ['abc', 'no_integer'],
    ['-1', '{value_negative,-1}'],
    ['1.5', '{leftover_string,".5"}'],
    ['99999999999999', '{value_too_large,99999999999999}'],
  ] as const) {
    test(`refuses the expiration ${expiration}`, async (bench) => {
      const said = await refusal(bench, (channel) => channel.sendToQueue('none', Buffer.from('a'), { expiration }));
      expect(said).toBe(`406 PRECONDITION_FAILED - invalid expiration '${expiration}': ${why}`);
    });
  }

  test("refuses another user's name", async (bench) => {
    const said = await refusal(bench, (channel) => channel.sendToQueue('none', Buffer.from('a'), { userId: 'bob' }));
    expect(said).toBe("406 PRECONDITION_FAILED - user_id property set to 'bob' but authenticated user was 'guest'");
  });

  test('confirms each of many in flight', async (bench) => {
    const channel = await bench.channel();
    for (const args of [{}, QUORUM]) {
      const queue = await bench.queue(channel, args);
      const confirms = await Promise.all(Array.from({ length: 1000 }, (_, n) => accepts(channel, queue, String(n))));
      expect(confirms.every(Boolean)).toBe(true);
      expect(await countOf(channel, queue)).toBe(1000);
    }
  });

  test('an alternate exchange gets what nobody else takes, and then nothing is returned', async (bench) => {
    const channel = await bench.channel();
    const fallback = await bench.exchange(channel, 'fanout');
    const exchange = await bench.exchange(channel, 'topic', { alternateExchange: fallback });
    const [taken, rest] = [await bench.queue(channel), await bench.queue(channel)];
    await channel.bindQueue(taken, exchange, 'known');
    await channel.bindQueue(rest, fallback, '');
    channel.on('return', () => expect('a return').toBe('none'));
    for (const key of ['known', 'unknown']) channel.publish(exchange, key, Buffer.from(key), { mandatory: true });
    await channel.waitForConfirms();
    expect(textOf(await get(channel, taken))).toBe('known');
    const { fields } = await get(channel, rest);
    expect(fields).toMatchObject({ exchange, routingKey: 'unknown' });
    expect(await countOf(channel, rest)).toBe(0);
  });

  test('properties, headers of every type and bodies of every size arrive as they were sent', async (bench) => {
    const channel = await bench.channel();
    const queue = await bench.queue(channel);
    const headers = {
      text: 'späte Grüße',
      empty: '',
      small: 1,
      negative: -200,
      wide: 2 ** 40,
      fraction: 0.5,
      yes: true,
      nothing: null,
      bytes: Buffer.from([0, 255]),
      list: [1, 'two', [3]],
      table: { in: { side: 1 } },
      when: { '!': 'timestamp', value: 1_700_000_000 },
      decimal: { '!': 'decimal', value: { places: 2, digits: 1234 } },
    };
    const properties = {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      deliveryMode: 2,
      priority: 3,
      correlationId: 'c',
      replyTo: 'r',
      expiration: '60000',
      messageId: 'm',
      timestamp: 1_700_000_000,
      type: 'sms.send',
      userId: 'guest',
      appId: 'a',
    };
    for (const size of [0, 1, 131_064, 131_065, 1_000_000]) {
      const body = Buffer.alloc(size, 'b');
      channel.sendToQueue(queue, body, { ...properties, headers });
      const message = await get(channel, queue);
      expect(message.content.equals(body)).toBe(true);
      expect(message.properties).toEqual({ ...properties, headers, clusterId: undefined });
      channel.ack(message);
    }
  });

  test('a message in a closed channel stays published', async (bench) => {
    const [channel, other] = [await bench.channel(), await bench.channel()];
    const queue = await bench.queue(channel);
    await publish(other, queue, 'a');
    await other.close();
    expect(textOf(await get(channel, queue))).toBe('a');
  });
}
