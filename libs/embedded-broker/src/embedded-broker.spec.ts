import { connect as connectManager } from 'amqp-connection-manager';
import { connect, type ConfirmChannel, type ConsumeMessage } from 'amqplib';
import { RawClient } from '../../../test/broker/raw-client.ts';
import { until } from '../../../test/support/until.ts';
import { startEmbeddedBroker, type EmbeddedBroker } from './index.js';

let broker: EmbeddedBroker;

beforeEach(async () => {
  broker = await startEmbeddedBroker();
});
afterEach(() => broker.close());

async function open(url = broker.url): Promise<ConfirmChannel> {
  const connection = await connect(url);
  connection.on('error', () => undefined);
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => undefined);
  return channel;
}

const published = (channel: ConfirmChannel, queue: string, body: string) =>
  new Promise<void>((resolve, reject) => {
    channel.sendToQueue(queue, Buffer.from(body), {}, (error: Error | null) => (error ? reject(error) : resolve()));
  });

it.each(['0.0.0.0', '::', '192.168.1.1', 'example.org'])('refuses to listen on %s', async (host) => {
  await expect(startEmbeddedBroker({ host })).rejects.toThrow(
    `The embedded broker listens on a loopback address only, such as 127.0.0.1, not on ${host}.`,
  );
});

it('says that its port is taken', async () => {
  await expect(startEmbeddedBroker({ port: broker.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

it('lets in who knows its user and password', async () => {
  const own = await startEmbeddedBroker({ user: 'otpost', password: 'p@ss:word/1' });
  await expect((await open(own.url)).checkExchange('amq.topic')).resolves.toBeDefined();
  await expect(connect(`amqp://guest:guest@127.0.0.1:${own.port}`)).rejects.toThrow('ACCESS_REFUSED');
  await own.close();
});

it('reports its queues', async () => {
  const channel = await open();
  await channel.assertQueue('jobs');
  for (const body of 'abc') await published(channel, 'jobs', body);
  await channel.consume('amq.rabbitmq.reply-to', () => undefined, { noAck: true });
  await channel.prefetch(2);
  await channel.consume('jobs', () => undefined);
  expect(broker.queues()).toEqual([{ name: 'jobs', messages: 1, unacked: 2, consumers: 1 }]);
});

it('under an alarm a publisher is told and waits, a consumer goes on, and nothing is lost', async () => {
  const [publisher, consumer] = [await open(), await open()];
  await publisher.assertQueue('jobs');
  const received: string[] = [];
  await consumer.consume('jobs', (message) => received.push(message!.content.toString()), { noAck: true });
  const notes: string[] = [];
  const connection = publisher.connection as unknown as NodeJS.EventEmitter;
  connection.on('blocked', (reason: string) => notes.push(`blocked: ${reason}`));
  connection.on('unblocked', () => notes.push('unblocked'));

  broker.block('low on memory');
  await publisher.checkQueue('jobs');
  expect(notes).toEqual([]);
  const confirms = ['1', '2'].map((body) =>
    published(publisher, 'jobs', body).then(() => notes.push(`confirmed ${body}`)),
  );
  await until('the notice', 5, () => notes.length > 0);
  await consumer.checkQueue('jobs');
  expect([notes, received]).toEqual([['blocked: low on memory'], []]);

  broker.unblock();
  await Promise.all(confirms);
  expect(notes).toEqual(['blocked: low on memory', 'unblocked', 'confirmed 1', 'confirmed 2']);
  await until('both', 5, () => received.length === 2);
});

it('ends its connections with a reason when it is closed', async () => {
  const channel = await open();
  const connection = await connect(broker.url);
  const reasons: unknown[] = [];
  connection.on('close', (error: Error) => reasons.push(error.message));
  await Promise.all([broker.close(), until('the end', 5, () => reasons.length === 1)]);
  expect(reasons[0]).toContain("CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'");
  await expect(channel.checkExchange('amq.topic')).rejects.toThrow();
  broker = await startEmbeddedBroker();
});

it('closes also while a client is blocked', async () => {
  const channel = await open();
  broker.block('low on memory');
  channel.publish('amq.topic', 'a', Buffer.from('a'));
  await until('the block', 5, () => (channel.connection as unknown as { blocked: boolean }).blocked);
  await broker.close();
  broker = await startEmbeddedBroker();
});

it('amqp-connection-manager comes back to a broker that was restarted on its port', async () => {
  const { port } = broker;
  const manager = connectManager([broker.url], { reconnectTimeInSeconds: 0.05 });
  const received: string[] = [];
  const wrapper = manager.createChannel({
    setup: async (channel: ConfirmChannel) => {
      await channel.assertQueue('jobs');
      await channel.consume('jobs', (message: ConsumeMessage | null) => {
        received.push(message!.content.toString());
        channel.ack(message!);
      });
    },
  });
  await wrapper.waitForConnect();
  await wrapper.sendToQueue('jobs', Buffer.from('before'));

  await broker.close();
  await until('the disconnect', 5, () => !manager.isConnected());
  broker = await startEmbeddedBroker({ port });

  await wrapper.sendToQueue('jobs', Buffer.from('after'));
  await until('both messages', 5, () => received.length === 2);
  expect(received).toEqual(['before', 'after']);
  await manager.close();
});

it('at-least-once keeps a dead letter until its queue exists and has room', async () => {
  const channel = await open();
  const quorum = { 'x-queue-type': 'quorum', 'x-overflow': 'reject-publish' };
  await channel.assertQueue('delay', {
    arguments: {
      ...quorum,
      'x-dead-letter-strategy': 'at-least-once',
      'x-message-ttl': 20,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'late',
    },
  });
  for (const body of 'ab') await published(channel, 'delay', body);
  await until('both dead', 5, async () => (await channel.checkQueue('delay')).messageCount === 0);
  await channel.assertQueue('late', { arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' } });

  const bodies: string[] = [];
  while (bodies.length < 2) {
    const message = await until('a dead letter', 5, () => channel.get('late', { noAck: true }));
    bodies.push(message.content.toString());
  }
  expect(bodies).toEqual(['a', 'b']);
});

it('a consumer that does not read does not make the broker keep everything for it', async () => {
  const channel = await open();
  await channel.assertQueue('flood');
  const reader = await (await RawClient.open(broker.url)).openChannel();
  const anyhow = { consumerTag: '', noAck: true, exclusive: false, noWait: false, arguments: new Map<string, never>() };
  reader.send(1, 'basic.consume', { queue: 'flood', ...anyhow });
  await reader.method('basic.consume-ok');
  reader.stopReading();
  const body = 'x'.repeat(100_000);
  for (let sent = 0; sent < 200; sent++) await published(channel, 'flood', body);
  expect(broker.queues()[0]!.messages).toBeGreaterThan(50);

  reader.readOn();
  await until('all of it', 5, () => broker.queues()[0]!.messages === 0);
  reader.destroy();
});
