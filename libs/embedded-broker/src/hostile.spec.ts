import { connect } from 'amqplib';
import fc from 'fast-check';
import { connect as connectSocket } from 'node:net';
import { until } from '../../../test/support/until.ts';
import { ByteWriter } from './bytes.js';
import { startEmbeddedBroker, type EmbeddedBroker } from './embedded-broker.js';
import { writeContentFrames, writeMethodFrame } from './frame.js';
import { PROTOCOL_HEADER } from './handshake.js';
import { encodeProperties } from './properties.js';

let broker: EmbeddedBroker;

beforeAll(async () => {
  broker = await startEmbeddedBroker();
});
afterAll(() => broker.close());

/** A whole honest conversation: handshake, channel, declare, consume, publish, ack, close. */
function conversation(): Buffer {
  const writer = new ByteWriter();
  writer.append(PROTOCOL_HEADER);
  const login = {
    clientProperties: new Map(),
    mechanism: 'PLAIN',
    response: Buffer.from('\0guest\0guest'),
    locale: 'en_US',
  };
  writeMethodFrame(writer, 0, 'connection.start-ok', login);
  writeMethodFrame(writer, 0, 'connection.tune-ok', { channelMax: 100, frameMax: 4096, heartbeat: 0 });
  writeMethodFrame(writer, 0, 'connection.open', { virtualHost: '/' });
  writeMethodFrame(writer, 1, 'channel.open', {});
  const flags = { passive: false, durable: true, exclusive: true, autoDelete: false, noWait: false };
  const args = new Map([['x-message-ttl', { type: 'I' as const, value: 1000 }]]);
  writeMethodFrame(writer, 1, 'queue.declare', { queue: '', ...flags, arguments: args });
  const consume = { queue: '', consumerTag: 'c', noAck: false, exclusive: false, noWait: false, arguments: new Map() };
  writeMethodFrame(writer, 1, 'basic.consume', consume);
  writeMethodFrame(writer, 1, 'confirm.select', { noWait: false });
  const route = { exchange: '', routingKey: 'nowhere', mandatory: true, immediate: false };
  writeMethodFrame(writer, 1, 'basic.publish', route);
  const headers = new Map([['a', { type: 'F' as const, value: args }]]);
  const content = { properties: encodeProperties({ headers, expiration: '100' }), body: Buffer.alloc(6000, 'b') };
  writeContentFrames(writer, 1, content, 4096);
  writeMethodFrame(writer, 1, 'basic.nack', { deliveryTag: 0, multiple: true, requeue: true });
  writeMethodFrame(writer, 1, 'channel.close', { replyCode: 200, replyText: '', classId: 0, methodId: 0 });
  return writer.takeAll();
}

/** Says it, hears the answer out for a moment, and leaves. */
const say = (bytes: Buffer) =>
  new Promise<void>((resolve) => {
    const socket = connectSocket(broker.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.once('data', () => setImmediate(() => socket.destroy()));
    socket.end(bytes);
    socket.resume();
  });

async function normalClientWorks(): Promise<void> {
  const connection = await connect(broker.url);
  const channel = await connection.createConfirmChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  channel.sendToQueue(queue, Buffer.from('still here'));
  await channel.waitForConfirms();
  expect(await channel.get(queue, { noAck: true })).toMatchObject({ content: Buffer.from('still here') });
  await connection.close();
}

const honest = conversation();
const garbage = fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes));
const afterHeader = garbage.map((bytes) => Buffer.concat([PROTOCOL_HEADER, bytes]));
const mutated = fc
  .array(fc.tuple(fc.nat({ max: honest.length - 1 }), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 })
  .map((changes) => {
    const bytes = Buffer.from(honest);
    for (const [at, value] of changes) bytes[at] = value;
    return bytes;
  });
const cut = fc.nat({ max: honest.length }).map((length) => honest.subarray(0, length));
const doubled = fc
  .tuple(fc.nat({ max: honest.length }), fc.nat({ max: honest.length }))
  .map(([from, to]) => Buffer.concat([honest.subarray(0, Math.max(from, to)), honest.subarray(Math.min(from, to))]));

it('an honest conversation is answered to its end', async () => {
  const answers = await new Promise<Buffer>((resolve) => {
    const heard: Buffer[] = [];
    const socket = connectSocket(broker.port, '127.0.0.1', () => socket.write(honest));
    socket.on('data', (chunk) => {
      heard.push(chunk);
      // channel.close-ok, the last of the answers
      if (Buffer.concat(heard).includes(Buffer.from([0, 20, 0, 41]))) socket.destroy();
    });
    socket.on('close', () => resolve(Buffer.concat(heard)));
  });
  expect(answers.includes(Buffer.from([0, 20, 0, 41]))).toBe(true);
  expect(answers.includes('NO_ROUTE')).toBe(true);
});

it.each([
  ['random bytes', garbage],
  ['random bytes behind a good header', afterHeader],
  ['an honest conversation with wrong bytes in it', mutated],
  ['an honest conversation that breaks off', cut],
  ['an honest conversation that repeats itself', doubled],
])('survives %s', async (_what, bytes) => {
  await fc.assert(fc.asyncProperty(bytes, say), { numRuns: 150 });
  await normalClientWorks();
  // A changed byte may make an honest queue that stays; nothing may stay that belonged to a connection.
  await until('all gone', 5, () => broker.queues().every(({ consumers, unacked }) => consumers + unacked === 0));
});

it('survives messages that lie about their past, when they die of it', async () => {
  const connection = await connect(broker.url);
  const channel = await connection.createConfirmChannel();
  const { queue: dead } = await channel.assertQueue('', { exclusive: true });
  const { queue } = await channel.assertQueue('', {
    exclusive: true,
    arguments: { 'x-message-ttl': 10, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead },
  });
  const lies = [
    ...['abc', -1, 1.5, null, [], {}, true].map((count) => [{ queue, reason: 'expired', count }]),
    'not a list',
    ['not a table', { queue: 7, reason: [] }],
  ];
  const farFuture = 2 ** 63;
  for (const lie of lies) {
    channel.sendToQueue(queue, Buffer.from('a'), { headers: { 'x-death': lie }, timestamp: farFuture });
  }
  await until('all the dead', 5, async () => (await channel.checkQueue(dead)).messageCount === lies.length);
  await connection.close();
});

it('keeps nothing of what is said after the last word', async () => {
  const socket = connectSocket({ port: broker.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\n\r\n');
  const before = process.memoryUsage().arrayBuffers;
  const piece = Buffer.alloc(1024 * 1024);
  for (let sent = 0; sent < 64; sent++) await new Promise<void>((resolve) => socket.write(piece, () => resolve()));
  expect(socket.bytesWritten).toBeGreaterThan(64 * piece.length);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * piece.length);
  socket.destroy();
});
