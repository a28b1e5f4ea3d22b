import type { ConsumeMessage, GetMessage } from 'amqplib';
import { Logger } from '@nestjs/common';
import { ClientRMQ, ServerRMQ } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import {
  casesOf,
  countOf,
  get,
  publish,
  QUORUM,
  refusal,
  textOf,
  untilCount,
  type BrokerUnderTest,
} from '../workbench.ts';
import { until } from '../../support/until.ts';

export function consuming(broker: BrokerUnderTest): void {
  const test = casesOf(broker);

  for (const [kind, args] of [
    ['classic', {}],
    ['quorum', QUORUM],
  ] as const) {
    test(`a ${kind} queue delivers in the order of publishing`, async (bench) => {
      const channel = await bench.channel();
      const queue = await bench.queue(channel, args);
      const sent = Array.from({ length: 300 }, (_, n) => String(n));
      const received: ConsumeMessage[] = [];
      await publish(channel, queue, ...sent.slice(0, 150));
      const { consumerTag } = await channel.consume(queue, (message) => received.push(message!));
      await publish(channel, queue, ...sent.slice(150));
      await until('all messages', 5, () => received.length === 300);
      expect(received.map(textOf)).toEqual(sent);
      expect(received[0]!.fields).toEqual({
        consumerTag,
        deliveryTag: 1,
        redelivered: false,
        exchange: '',
        routingKey: queue,
      });
      expect(received[0]!.properties.headers).toEqual({});
    });

    test(`a ${kind} queue's consumer holds no more than its prefetch`, async (bench) => {
      const channel = await bench.channel();
      const queue = await bench.queue(channel, args);
      await publish(channel, queue, ...'123456');
      const held: ConsumeMessage[] = [];
      await channel.prefetch(2);
      await channel.consume(queue, (message) => held.push(message!));
      await untilCount(channel, queue, 4);
      channel.ack(held[0]!);
      await untilCount(channel, queue, 3);
      // A later prefetch is for later consumers.
      await channel.prefetch(5);
      await channel.checkQueue(queue);
      expect(held.map(textOf)).toEqual(['1', '2', '3']);
    });
  }

  test('a global prefetch counts for the whole channel, and quorum queues have none', async (bench) => {
    const channel = await bench.channel();
    const [one, two] = [await bench.queue(channel), await bench.queue(channel)];
    await publish(channel, one, ...'123');
    await publish(channel, two, ...'123');
    const held: ConsumeMessage[] = [];
    await channel.prefetch(2, true);
    for (const queue of [one, two]) await channel.consume(queue, (message) => held.push(message!));
    const left = async () => (await countOf(channel, one)) + (await countOf(channel, two));
    await until('two delivered', 5, async () => (await left()) === 4 && held.length === 2);
    channel.ack(held[0]!);
    await until('three delivered', 5, async () => (await left()) === 3 && held.length === 3);

    const quorum = await bench.queue(channel, QUORUM);
    const said = await refusal(bench, async (other) => {
      await other.prefetch(2, true);
      await other.consume(quorum, () => undefined);
    });
    expect(said).toBe(`540 NOT_IMPLEMENTED - queue '${quorum}' in vhost '/' does not support global qos`);
  });

  test('consumers take turns, or one is active and the next stands by', async (bench) => {
    const channel = await bench.channel();
    const [shared, single] = [
      await bench.queue(channel),
      await bench.queue(channel, { 'x-single-active-consumer': true }),
    ];
    const takers: Record<string, string[]> = { [shared]: [], [single]: [] };
    for (const queue of [shared, single]) {
      for (const taker of 'ABC') {
        const consumerTag = `${queue}-${taker}`;
        await channel.consume(queue, () => takers[queue]!.push(taker), { consumerTag, noAck: true });
      }
    }
    await publish(channel, shared, ...'123456');
    await until('six', 5, () => takers[shared]!.length === 6);
    expect(takers[shared]!.join('')).toBe('ABCABC');

    await publish(channel, single, ...'123');
    await until('three', 5, () => takers[single]!.length === 3);
    await channel.cancel(`${single}-A`);
    await publish(channel, single, '4');
    await until('four', 5, () => takers[single]!.length === 4);
    expect(takers[single]!.join('')).toBe('AAAB');
  });

  test('cancelling ends deliveries and keeps what is unsettled', async (bench) => {
    const channel = await bench.channel();
    const queue = await bench.queue(channel);
    await publish(channel, queue, 'a', 'b');
    const held: ConsumeMessage[] = [];
    await channel.consume(queue, (message) => held.push(message!), { consumerTag: 'mine' });
    await until('both', 5, () => held.length === 2);
    expect(await channel.cancel('mine')).toEqual({ consumerTag: 'mine' });
    expect(await channel.cancel('never-there')).toEqual({ consumerTag: 'never-there' });
    await publish(channel, queue, 'c');
    expect(await countOf(channel, queue)).toBe(1);
    channel.ack(held[0]!);
    channel.nack(held[1]!);
    await untilCount(channel, queue, 2);
  });

  test('whoever consumes a queue hears that it is deleted', async (bench) => {
    const channel = await bench.channel();
    const queue = await bench.queue(channel);
    const heard: (ConsumeMessage | null)[] = [];
    await channel.consume(queue, (message) => heard.push(message));
    await (await bench.channel()).deleteQueue(queue);
    await until('the cancel', 5, () => heard.length === 1);
    expect(heard).toEqual([null]);
  });

  test('what was delivered from a deleted queue may still be settled', async (bench) => {
    const channel = await bench.channel();
    const queue = await bench.queue(channel);
    await publish(channel, queue, 'a', 'b');
    const messages = [await get(channel, queue), await get(channel, queue)];
    await channel.deleteQueue(queue);
    channel.ack(messages[0]!);
    channel.nack(messages[1]!);
    await expect(channel.checkExchange('amq.topic')).resolves.toBeDefined();
  });

  test('refuses what cannot be consumed', async (bench) => {
    const channel = await bench.channel();
    const queue = await bench.queue(channel);
    const inUse = `403 ACCESS_REFUSED - queue '${queue}' in vhost '/' in exclusive use`;
    const ignore = () => undefined;
    expect(await refusal(bench, (other) => other.consume('none', ignore))).toBe(
      "404 NOT_FOUND - no queue 'none' in vhost '/'",
    );
    expect(
      await refusal(bench, async (other) => {
        await other.consume(queue, ignore, { consumerTag: 'same' });
        await other.consume(queue, ignore, { consumerTag: 'same' });
      }),
    ).toBe("530 NOT_ALLOWED - attempt to reuse consumer tag 'same'");
    await channel.consume(queue, ignore, { consumerTag: 'first' });
    expect(await refusal(bench, (other) => other.consume(queue, ignore, { exclusive: true }))).toBe(inUse);
    await channel.cancel('first');
    await channel.consume(queue, ignore, { exclusive: true });
    expect(await refusal(bench, (other) => other.consume(queue, ignore))).toBe(inUse);
  });

  test('names a consumer for whoever gives no tag', async (bench) => {
    const channel = await bench.channel();
    const { consumerTag } = await channel.consume(await bench.queue(channel), () => undefined);
    expect(consumerTag).toMatch(/^amq\.ctag-[\w-]{22}$/);
  });

  test('gets one message with the number of those behind it, or nothing', async (bench) => {
    const channel = await bench.channel();
    const queue = await bench.queue(channel);
    expect(await channel.get(queue)).toBe(false);
    await publish(channel, queue, 'a', 'b', 'c');
    const message = await channel.get(queue, { noAck: true });
    expect((message as GetMessage).fields).toEqual({
      deliveryTag: 1,
      redelivered: false,
      exchange: '',
      routingKey: queue,
      messageCount: 2,
    });
    expect(await refusal(bench, (other) => other.get('none'))).toBe("404 NOT_FOUND - no queue 'none' in vhost '/'");
  });

  test('answers go straight to whoever asked', async (bench) => {
    const [asker, answerer] = [await bench.channel(), await bench.channel()];
    const queue = await bench.queue(answerer);
    const answers: ConsumeMessage[] = [];
    await asker.consume('amq.rabbitmq.reply-to', (message) => answers.push(message!), { noAck: true });
    asker.sendToQueue(queue, Buffer.from('?'), { replyTo: 'amq.rabbitmq.reply-to', correlationId: '7' });
    const question = await get(answerer, queue);
    const { replyTo } = question.properties as { replyTo: string };
    expect(replyTo).toMatch(/^amq\.rabbitmq\.reply-to\../);
    answerer.sendToQueue(replyTo, Buffer.from('!'), { correlationId: '7' });
    await until('the answer', 5, () => answers.length === 1);
    expect(answers[0]!.fields).toMatchObject({ exchange: '', routingKey: replyTo });
    expect(answers[0]!.properties.correlationId).toBe('7');
  });

  test('direct replies have their rules', async (bench) => {
    const consume = (noAck: boolean) => (channel: Parameters<Parameters<typeof refusal>[1]>[0]) =>
      channel.consume('amq.rabbitmq.reply-to', () => undefined, { noAck });
    expect(await refusal(bench, consume(false))).toBe('406 PRECONDITION_FAILED - reply consumer cannot acknowledge');
    expect(
      await refusal(bench, async (channel) => {
        await consume(true)(channel);
        await consume(true)(channel);
      }),
    ).toBe('406 PRECONDITION_FAILED - reply consumer already set');
    expect(
      await refusal(bench, (channel) =>
        channel.sendToQueue('none', Buffer.from('a'), { replyTo: 'amq.rabbitmq.reply-to' }),
      ),
    ).toBe('406 PRECONDITION_FAILED - fast reply consumer does not exist');
  });

  test("Nest's own transport asks, answers and emits", async (bench) => {
    const options = { urls: [bench.url], queue: bench.queueName(), queueOptions: { durable: true } };
    const [server, client] = [new ServerRMQ(options), new ClientRMQ(options)];
    Logger.overrideLogger(false);
    const emitted: unknown[] = [];
    server.addHandler('sum', async (numbers: number[]) => numbers.reduce((sum, each) => sum + each, 0));
    server.addHandler('seen', async (what: unknown) => emitted.push(what), true);
    await new Promise<void>((resolve) => void server.listen(() => resolve()));

    expect(await firstValueFrom(client.send<number>('sum', [1, 2, 3]))).toBe(6);
    await firstValueFrom(client.emit('seen', { a: 1 }));
    await until('the event', 5, () => emitted.length === 1);
    expect(emitted).toEqual([{ a: 1 }]);
    await client.close();
    await server.close();
  });
}
