import {
  accepts,
  casesOf,
  countOf,
  get,
  getAll,
  QUORUM,
  textOf,
  untilCount,
  type BrokerUnderTest,
} from '../workbench.ts';
import { until } from '../../support/until.ts';

export function limits(broker: BrokerUnderTest): void {
  const test = casesOf(broker);

  test('a full classic queue nacks, and accepts again as soon as there is room', async (bench) => {
    const channel = await bench.channel();
    const queue = await bench.queue(channel, { 'x-max-length': 3, 'x-overflow': 'reject-publish' });
    const answers: boolean[] = [];
    for (const body of '12345') answers.push(await accepts(channel, queue, body));
    expect(answers).toEqual([true, true, true, false, false]);
    // What is delivered makes room, settled or not.
    const held = await get(channel, queue);
    expect(textOf(held)).toBe('1');
    expect(await accepts(channel, queue, '6')).toBe(true);
    expect((await getAll(channel, queue, 3)).map(textOf)).toEqual(['2', '3', '6']);
  });

  test('a full quorum queue lets one more in, nacks, and accepts again at four fifths', async (bench) => {
    const channel = await bench.channel();
    const queue = await bench.queue(channel, { ...QUORUM, 'x-max-length': 5, 'x-overflow': 'reject-publish' });
    await until('a refusal', 5, async () => !(await accepts(channel, queue)));
    const full = await countOf(channel, queue);
    expect(full).toBe(6);
    channel.ack(await get(channel, queue));
    expect(await accepts(channel, queue)).toBe(false);
    channel.ack(await get(channel, queue));
    await until('room', 5, () => accepts(channel, queue));
    expect(await countOf(channel, queue)).toBe(5);
  });

  for (const [kind, args] of [
    ['classic', {}],
    ['quorum', QUORUM],
  ] as const) {
    test(`a full ${kind} queue drops its head, and confirms`, async (bench) => {
      const channel = await bench.channel();
      const queue = await bench.queue(channel, { ...args, 'x-max-length': 2 });
      for (const body of '12345') expect(await accepts(channel, queue, body)).toBe(true);
      await untilCount(channel, queue, 2);
      expect((await getAll(channel, queue, 2)).map(textOf)).toEqual(['4', '5']);
    });

    test(`a ${kind} queue's length may be limited in bytes`, async (bench) => {
      const channel = await bench.channel();
      const queue = await bench.queue(channel, { ...args, 'x-max-length-bytes': 10 });
      for (const body of ['aaaa', 'bbbb', 'cccc']) expect(await accepts(channel, queue, body)).toBe(true);
      await untilCount(channel, queue, 2);
      expect((await getAll(channel, queue, 2)).map(textOf)).toEqual(['bbbb', 'cccc']);
    });
  }

  test('one full queue of several is enough for a nack', async (bench) => {
    const channel = await bench.channel();
    const fanout = await bench.exchange(channel, 'fanout');
    const [full, free] = [
      await bench.queue(channel, { 'x-max-length': 0, 'x-overflow': 'reject-publish' }),
      await bench.queue(channel),
    ];
    for (const queue of [full, free]) await channel.bindQueue(queue, fanout, '');
    const accepted = await new Promise((resolve) => {
      channel.publish(fanout, '', Buffer.from('a'), {}, (error: unknown) => resolve(!error));
    });
    expect(accepted).toBe(false);
    expect([await countOf(channel, full), await countOf(channel, free)]).toEqual([0, 1]);
  });

  test('what expires without an exchange for the dead is gone', async (bench) => {
    const channel = await bench.channel();
    const queue = await bench.queue(channel, { 'x-message-ttl': 100 });
    await accepts(channel, queue);
    await untilCount(channel, queue, 0);
    expect(await channel.get(queue)).toBe(false);
  });
}
