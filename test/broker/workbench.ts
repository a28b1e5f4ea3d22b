import { connect, type ChannelModel, type ConfirmChannel, type GetMessage, type Options } from 'amqplib';
import { randomBytes } from 'node:crypto';
import { until } from '../support/until.ts';

/** A broker that the cases run against; its URL is known once it runs. */
export interface BrokerUnderTest {
  readonly name: string;
  url(): string;
}

export const QUORUM = { 'x-queue-type': 'quorum' };

/** One case's connections and names. What it made is gone afterwards. */
export class Workbench {
  private readonly connections: ChannelModel[] = [];
  private readonly queues = new Set<string>();
  private readonly exchanges = new Set<string>();

  constructor(readonly url: string) {}

  /** A name that no other case uses. */
  name(label: string): string {
    return `${label}-${randomBytes(6).toString('hex')}`;
  }

  queueName(label = 'queue'): string {
    const name = this.name(label);
    this.willClear(name);
    return name;
  }

  willClear(queue: string): void {
    this.queues.add(queue);
  }

  exchangeName(label = 'exchange'): string {
    const name = this.name(label);
    this.exchanges.add(name);
    return name;
  }

  async connection(query = ''): Promise<ChannelModel> {
    const connection = await connect(this.url + query, { noDelay: true });
    connection.on('error', () => undefined);
    this.connections.push(connection);
    return connection;
  }

  async channel(connection?: ChannelModel): Promise<ConfirmChannel> {
    const channel = await (connection ?? (await this.connection())).createConfirmChannel();
    channel.on('error', () => undefined);
    return channel;
  }

  /** A durable queue with these arguments. */
  async queue(channel: ConfirmChannel, args: object = {}, options: Options.AssertQueue = {}): Promise<string> {
    const name = this.queueName();
    await channel.assertQueue(name, { ...options, arguments: args });
    return name;
  }

  async exchange(channel: ConfirmChannel, type: string, options: Options.AssertExchange = {}): Promise<string> {
    const name = this.exchangeName();
    await channel.assertExchange(name, type, options);
    return name;
  }

  async clear(): Promise<void> {
    const connection = await connect(this.url, { noDelay: true });
    const channel = await connection.createChannel();
    for (const queue of this.queues) await channel.deleteQueue(queue);
    for (const exchange of this.exchanges) await channel.deleteExchange(exchange);
    await Promise.all([connection, ...this.connections].map((each) => each.close().catch(() => undefined)));
  }
}

/** Registers a case that gets a workbench of its own. */
export type Case = (what: string, run: (bench: Workbench) => Promise<void>) => void;

export const casesOf =
  (broker: BrokerUnderTest): Case =>
  (what, run) => {
    it(what, async () => {
      const bench = new Workbench(broker.url());
      try {
        await run(bench);
      } finally {
        await bench.clear();
      }
    });
  };

/** Publishes one after the other and waits for the confirms. */
export async function publish(channel: ConfirmChannel, queue: string, ...bodies: string[]): Promise<void> {
  for (const body of bodies) channel.sendToQueue(queue, Buffer.from(body));
  await channel.waitForConfirms();
}

/** Whether the broker accepted the message. */
export const accepts = (channel: ConfirmChannel, queue: string, body = 'x', options: Options.Publish = {}) =>
  new Promise<boolean>((resolve) => {
    channel.sendToQueue(queue, Buffer.from(body), options, (error: unknown) => resolve(!error));
  });

/** Waits until the queue gives a message. */
export const get = (channel: ConfirmChannel, queue: string): Promise<GetMessage> =>
  until(`a message in ${queue}`, 5, () => channel.get(queue));

export async function getAll(channel: ConfirmChannel, queue: string, count: number): Promise<GetMessage[]> {
  const messages: GetMessage[] = [];
  while (messages.length < count) messages.push(await get(channel, queue));
  return messages;
}

export const countOf = async (channel: ConfirmChannel, queue: string) => (await channel.checkQueue(queue)).messageCount;

export const untilCount = (channel: ConfirmChannel, queue: string, count: number) =>
  until(`${count} messages in ${queue}`, 5, async () => (await countOf(channel, queue)) === count);

export const textOf = (message: { content: Buffer }) => message.content.toString();

/** Does something that a broker refuses and gives its sentence, such as `NOT_FOUND - no queue 'q' in vhost '/'`. */
export async function refusal(bench: Workbench, act: (channel: ConfirmChannel) => unknown): Promise<string> {
  const connection = await bench.connection();
  const channel = await bench.channel(connection);
  const refused = new Promise<Error & { code?: number }>((resolve) => {
    channel.once('error', resolve);
    connection.once('error', resolve);
  });
  const nothing = (async () => {
    await act(channel);
    await channel.checkExchange('amq.topic');
    return 'nothing was refused';
  })().catch(() => refused.then(sentenceOf));
  return nothing;
}

function sentenceOf({ message, code }: Error & { code?: number }): string {
  const sentence = /with message "(.*)"$/s.exec(message)?.[1] ?? message;
  return `${code} ${sentence}`;
}
