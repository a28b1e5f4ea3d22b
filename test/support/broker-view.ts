import { connect, type GetMessage } from 'amqplib';

/** Looks at a broker as an operator would, on a connection of its own. */
export async function withChannel<T>(
  url: string,
  look: (channel: Awaited<ReturnType<Awaited<ReturnType<typeof connect>>['createConfirmChannel']>>) => Promise<T>,
): Promise<T> {
  const connection = await connect(url);
  connection.on('error', () => undefined); // the call under way fails with the same error
  try {
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => undefined);
    return await look(channel);
  } finally {
    await connection.close().catch(() => undefined);
  }
}

export const messagesIn = (url: string, queue: string): Promise<number> =>
  withChannel(url, async (channel) => (await channel.checkQueue(queue)).messageCount);

/** Takes one message out of a queue for good. */
export const takeFrom = (url: string, queue: string): Promise<GetMessage | undefined> =>
  withChannel(url, async (channel) => (await channel.get(queue, { noAck: true })) || undefined);

export const deleteConsumer = (url: string, name: string, delays: readonly number[]): Promise<void> =>
  withChannel(url, async (channel) => {
    const queue = `${name}.lane`;
    for (const each of [queue, `${queue}.dead`, `${name}.parked`, ...delays.map((delay) => `${queue}.retry.${delay}`)])
      await channel.deleteQueue(each);
    await channel.deleteExchange(name);
  });
