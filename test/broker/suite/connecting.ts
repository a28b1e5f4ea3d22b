import { connect } from 'amqplib';
import { frame, methodFrame, PROTOCOL_HEADER, RawClient } from '../raw-client.ts';
import { until } from '../../support/until.ts';
import { casesOf, get, publish, refusal, type BrokerUnderTest } from '../workbench.ts';

const publishFrame = methodFrame(1, 'basic.publish', {
  exchange: '',
  routingKey: 'nowhere',
  mandatory: false,
  immediate: false,
});
const noBody = (classId: number) => frame(2, 1, Buffer.from([0, classId, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0]));
const qos = (channel: number, prefetchSize = 0) =>
  methodFrame(channel, 'basic.qos', { prefetchSize, prefetchCount: 1, global: false });

export function connecting(broker: BrokerUnderTest): void {
  const test = casesOf(broker);

  it.each([
    ['another protocol', 'GET / HTTP/1.1\r\n\r\n'],
    ['AMQP 1.0', 'AMQP\0\x01\0\0'],
  ])('answers %s with its own header and hangs up', async (_what, header) => {
    const client = new RawClient(broker.url());
    client.write(Buffer.from(header, 'latin1'));
    await until('the end of the connection', 5, () => client.closed);
    expect(Buffer.concat(client.received)).toEqual(PROTOCOL_HEADER);
  });

  it.each(['guest:wrong', 'stranger:guest'])('refuses %s', async (login) => {
    const answer = connect(broker.url().replace('guest:guest', login));
    await expect(answer).rejects.toThrow(
      '403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile."',
    );
  });

  it('has no other virtual host', async () => {
    const client = await RawClient.open(broker.url());
    client.send(0, 'connection.open', { virtualHost: 'other' });
    expect(await client.method('connection.close')).toEqual({
      replyCode: 530,
      replyText: 'NOT_ALLOWED - vhost other not found',
      classId: 10,
      methodId: 40,
    });
    client.destroy();
  });

  it('says what it can do and how it may be spoken to', async () => {
    const client = await RawClient.open(broker.url());
    const { serverProperties, mechanisms } = await client.method('connection.start');
    const capabilities = serverProperties.get('capabilities')?.value as Map<string, { value: boolean }>;
    for (const name of ['publisher_confirms', 'basic.nack', 'consumer_cancel_notify', 'connection.blocked']) {
      expect(capabilities.get(name)?.value).toBe(true);
    }
    expect(mechanisms.toString().split(' ')).toContain('PLAIN');
    expect(await client.method('connection.tune')).toEqual({ channelMax: 2047, frameMax: 131_072, heartbeat: 60 });
    client.destroy();
  });

  it('sends heartbeats, and drops a client that sends nothing', async () => {
    const silent = await (await RawClient.open(broker.url(), { heartbeat: 1 })).openChannel();
    const lively = await connect(`${broker.url()}?heartbeat=1`);
    lively.on('error', () => undefined);

    await until('a heartbeat', 5, () => silent.frames.some(({ type, channel }) => type === 8 && channel === 0));
    await until('the end of the connection', 8, () => silent.closed);

    await expect(lively.createChannel()).resolves.toBeDefined();
    await lively.close();
  });

  test('a channel error leaves the connection and its other channels alone', async (bench) => {
    const connection = await bench.connection();
    const [broken, healthy] = [await bench.channel(connection), await bench.channel(connection)];
    const queue = await bench.queue(healthy);

    await expect(broken.checkQueue(bench.name('missing'))).rejects.toThrow('404');
    await publish(healthy, queue, 'a');

    expect((await get(healthy, queue)).content.toString()).toBe('a');
    await expect(connection.createChannel()).resolves.toBeDefined();
  });

  it.each<[string, number, Buffer[]]>([
    ['a frame without its end octet', 501, [frame(1, 1, Buffer.from([0, 20, 0, 10, 0]), 0)]],
    ['a frame of unknown type', 501, [frame(7, 1, Buffer.from('abc'))]],
    ['a frame larger than agreed', 501, [Buffer.from([1, 0, 1, 0xff, 0xff, 0xff, 0xff, 0])]],
    ['a heartbeat with a payload', 501, [frame(8, 0, Buffer.from('abc'))]],
    ['a method for another side', 503, [methodFrame(1, 'channel.close-ok', {})]],
    ['a method of the connection on a channel', 503, [methodFrame(1, 'connection.close-ok', {})]],
    ['a method on a channel that is not open', 504, [qos(5)]],
    ['a channel opened twice', 504, [methodFrame(1, 'channel.open', {})]],
    ['a method of a channel on the connection', 504, [qos(0)]],
    ['a content header without a publish', 505, [noBody(60)]],
    ['a body without a header', 505, [publishFrame, frame(3, 1, Buffer.from('abc'))]],
    ['a method in the middle of a message', 505, [publishFrame, qos(1)]],
    ['two headers for one message', 505, [publishFrame, noBody(60), noBody(60)]],
    ['a header of another class', 505, [publishFrame, noBody(50)]],
    ['a heartbeat on a channel', 505, [frame(8, 1, Buffer.alloc(0))]],
    ['a prefetch in bytes', 540, [qos(1, 5)]],
    ['a stop of the flow', 540, [methodFrame(1, 'channel.flow', { active: false })]],
    ['a recover without requeue', 540, [methodFrame(1, 'basic.recover', { requeue: false })]],
  ])('closes the connection for %s: %i', async (_what, code, frames) => {
    const client = await (await RawClient.open(broker.url())).openChannel();
    for (const bytes of frames) client.write(bytes);
    expect((await client.method('connection.close')).replyCode).toBe(code);
    client.destroy();
  });

  it('hangs up when the client has agreed to the close', async () => {
    const client = await (await RawClient.open(broker.url())).openChannel();
    client.write(qos(5));
    await client.method('connection.close');
    client.send(0, 'connection.close-ok', {});
    await until('the end of the connection', 5, () => client.closed);
  });

  it('takes nothing on a channel in error until the client has agreed, and then opens it again', async () => {
    const client = await (await RawClient.open(broker.url())).openChannel();
    client.send(1, 'queue.purge', { queue: 'missing', noWait: false });
    client.send(1, 'basic.get', { queue: 'also-missing', noAck: true });
    expect(await client.method('channel.close')).toMatchObject({
      replyCode: 404,
      replyText: "NOT_FOUND - no queue 'missing' in vhost '/'",
      classId: 50,
      methodId: 30,
    });

    client.send(1, 'channel.close-ok', {});
    client.send(1, 'channel.open', {});
    await until('the channel, again', 5, () => client.methods().filter(({ name }) => name === 'channel.open-ok')[1]);

    expect(client.methods().filter(({ name }) => name === 'channel.close')).toHaveLength(1);
    client.send(0, 'connection.close', { replyCode: 200, replyText: 'bye', classId: 0, methodId: 0 });
    await client.method('connection.close-ok');
    client.destroy();
  });

  test('splits a body into frames of the agreed size, in both directions', async (bench) => {
    const channel = await bench.channel(await bench.connection('?frameMax=4096'));
    const queue = await bench.queue(channel);
    const body = 'm'.repeat(20_000);
    await publish(channel, queue, body);

    const client = await (await RawClient.open(broker.url(), { frameMax: 4096 })).openChannel();
    client.send(1, 'basic.get', { queue, noAck: true });
    const parts = await until('the whole body', 5, () => {
      const bodies = client.frames.filter(({ type }) => type === 3).map(({ payload }) => payload.toString());
      return bodies.join('') === body && bodies;
    });

    expect(parts.map((part) => part.length)).toEqual([4088, 4088, 4088, 4088, 3648]);
    client.destroy();
  });

  test('refuses an unknown type of exchange with the whole connection', async (bench) => {
    const sentence = await refusal(bench, (channel) => channel.assertExchange(bench.exchangeName(), 'strange'));
    expect(sentence).toBe("503 COMMAND_INVALID - unknown exchange type 'strange'");
  });
}
