import type { ChannelModel, ConfirmChannel, GetMessage } from 'amqplib';
import type { Duplex } from 'node:stream';
import {
  casesOf,
  countOf,
  get,
  getAll,
  publish,
  QUORUM,
  refusal,
  textOf,
  untilCount,
  type BrokerUnderTest,
} from '../workbench.ts';

/** A message as `body`, `r` if redelivered, and the delivery count if there is one. */
const shortly = (message: GetMessage) =>
  `${textOf(message)}${message.fields.redelivered ? 'r' : ''}${String(message.properties.headers?.['x-delivery-count'] ?? '')}`;

const KINDS = {
  classic: {},
  quorum: QUORUM,
  'limited quorum': { ...QUORUM, 'x-delivery-limit': 1000 },
};
type Kind = keyof typeof KINDS;
const kinds = Object.keys(KINDS) as Kind[];

const socketOf = ({ connection }: ChannelModel) => (connection as unknown as { stream: Duplex }).stream;

interface Scene {
  holder: ConfirmChannel;
  /** The holder's. */
  connection: ChannelModel;
  /** The first three of five. */
  held: GetMessage[];
}

/** What comes back goes where it was; in a quorum queue without a delivery limit what is requeued goes to the end. */
const RETURNS: [string, (scene: Scene) => unknown, Record<Kind, string[]>][] = [
  [
    'nacking one',
    ({ holder, held }) => holder.nack(held[1]!),
    { classic: ['2r', '4', '5'], quorum: ['40', '50', '2r1'], 'limited quorum': ['2r1', '40', '50'] },
  ],
  [
    'rejecting one with requeue',
    ({ holder, held }) => holder.reject(held[1]!, true),
    { classic: ['2r', '4', '5'], quorum: ['40', '50', '2r1'], 'limited quorum': ['2r1', '40', '50'] },
  ],
  [
    'nacking several at once',
    ({ holder, held }) => holder.nack(held[1]!, true),
    {
      classic: ['1r', '2r', '4', '5'],
      quorum: ['40', '50', '1r1', '2r1'],
      'limited quorum': ['1r1', '2r1', '40', '50'],
    },
  ],
  [
    'nacking all',
    ({ holder }) => holder.nackAll(),
    {
      classic: ['1r', '2r', '3r', '4', '5'],
      quorum: ['40', '50', '1r1', '2r1', '3r1'],
      'limited quorum': ['1r1', '2r1', '3r1', '40', '50'],
    },
  ],
  [
    'recovering',
    ({ holder }) => holder.recover(),
    {
      classic: ['1r', '2r', '3r', '4', '5'],
      quorum: ['40', '50', '1r1', '2r1', '3r1'],
      'limited quorum': ['1r1', '2r1', '3r1', '40', '50'],
    },
  ],
  [
    'closing the channel',
    ({ holder }) => holder.close(),
    {
      classic: ['1r', '2r', '3r', '4', '5'],
      quorum: ['1r1', '2r1', '3r1', '40', '50'],
      'limited quorum': ['1r1', '2r1', '3r1', '40', '50'],
    },
  ],
  [
    'closing the connection',
    ({ connection }) => connection.close(),
    {
      classic: ['1r', '2r', '3r', '4', '5'],
      quorum: ['1r1', '2r1', '3r1', '40', '50'],
      'limited quorum': ['1r1', '2r1', '3r1', '40', '50'],
    },
  ],
  [
    'an end without goodbye',
    ({ connection }) => socketOf(connection).destroy(new Error('cut off')),
    {
      classic: ['1r', '2r', '3r', '4', '5'],
      quorum: ['1r1', '2r1', '3r1', '40', '50'],
      'limited quorum': ['1r1', '2r1', '3r1', '40', '50'],
    },
  ],
];

export function settling(broker: BrokerUnderTest): void {
  const test = casesOf(broker);

  for (const [what, act, expected] of RETURNS) {
    for (const kind of kinds) {
      test(`${what} gives messages back to a ${kind} queue`, async (bench) => {
        const connection = await bench.connection();
        const [watcher, holder] = [await bench.channel(), await bench.channel(connection)];
        const queue = await bench.queue(watcher, KINDS[kind]);
        await publish(watcher, queue, ...'12345');
        await act({ holder, connection, held: await getAll(holder, queue, 3) });
        await untilCount(watcher, queue, expected[kind].length);
        expect((await getAll(watcher, queue, expected[kind].length)).map(shortly)).toEqual(expected[kind]);
      });
    }
  }

  for (const kind of kinds) {
    test(`acks of a ${kind} queue settle one, several or all`, async (bench) => {
      const [watcher, holder] = [await bench.channel(), await bench.channel()];
      const queue = await bench.queue(watcher, KINDS[kind]);
      await publish(watcher, queue, ...'123456');
      const held = await getAll(holder, queue, 6);
      holder.ack(held[4]!);
      holder.ack(held[2]!, true);
      // Waits until the broker has taken the acks: a quorum queue may forget those that a close follows at once.
      await holder.checkQueue(queue);
      const recovered = holder.recover();
      await recovered;
      await untilCount(watcher, queue, 2);
      expect((await getAll(holder, queue, 2)).map(textOf)).toEqual(['4', '6']);
      holder.ackAll();
      await holder.recover();
      expect(await countOf(watcher, queue)).toBe(0);
    });
  }

  test('a delivery from a quorum queue says how often it came back, from the first time on', async (bench) => {
    const channel = await bench.channel();
    const queue = await bench.queue(channel, KINDS['limited quorum']);
    const seen: unknown[] = [];
    const done = new Promise<void>((resolve) => {
      void channel.consume(queue, (message) => {
        seen.push([message!.fields.redelivered, message!.properties.headers]);
        if (seen.length < 4) channel.nack(message!);
        else resolve();
      });
    });
    channel.sendToQueue(queue, Buffer.from('a'), { headers: { mine: 1 } });
    await done;
    expect(seen).toEqual([
      [false, { mine: 1 }],
      [true, { mine: 1, 'x-delivery-count': 1 }],
      [true, { mine: 1, 'x-delivery-count': 2 }],
      [true, { mine: 1, 'x-delivery-count': 3 }],
    ]);
  });

  test('refuses a delivery tag that it does not know', async (bench) => {
    const unknown = { fields: { deliveryTag: 99 } } as GetMessage;
    const sentence = '406 PRECONDITION_FAILED - unknown delivery tag 99';
    expect(await refusal(bench, (channel) => channel.ack(unknown))).toBe(sentence);
    expect(await refusal(bench, (channel) => channel.ack(unknown, true))).toBe(sentence);
    expect(await refusal(bench, (channel) => channel.nack(unknown))).toBe(sentence);
    expect(await refusal(bench, (channel) => channel.reject(unknown))).toBe(sentence);
    expect(await refusal(bench, (channel) => channel.ackAll())).toBe('nothing was refused');
  });

  test('refuses to settle twice, and gives back what the closed channel held', async (bench) => {
    const channel = await bench.channel();
    const queue = await bench.queue(channel);
    await publish(channel, queue, 'a', 'b');
    const said = await refusal(bench, async (other) => {
      const [first] = await getAll(other, queue, 2);
      other.ack(first!);
      other.ack(first!);
    });
    expect(said).toBe('406 PRECONDITION_FAILED - unknown delivery tag 1');
    expect(shortly(await get(channel, queue))).toBe('br');
  });
}
