import type { Entry } from './backlog.js';
import type { Channel, OpenConsumer } from './channel.js';
import { withDeliveryCount } from './message.js';
import type { Consumer } from './consumers.js';
import type { Queue } from './queue.js';

/** One basic.consume: takes a queue's messages to its channel as far as the prefetch reaches. */
export class ChannelConsumer implements Consumer, OpenConsumer {
  private unacked = 0;
  private stopped = false;

  constructor(
    private readonly channel: Channel,
    readonly tag: string,
    readonly queue: Queue,
    private readonly options: { noAck: boolean; exclusive: boolean; prefetch: number },
  ) {}

  get exclusive(): boolean {
    return this.options.exclusive;
  }

  get ready(): boolean {
    if (this.stopped || this.channel.link.outgoing.congested) return false;
    if (this.options.noAck) return true;
    return (this.options.prefetch === 0 || this.unacked < this.options.prefetch) && this.channel.hasRoom;
  }

  take(entry: Entry): void {
    const deliveryTag = this.channel.deliveries.nextTag();
    if (this.options.noAck) {
      this.queue.acknowledge();
    } else {
      this.unacked++;
      this.channel.unacked++;
      this.channel.deliveries.add(deliveryTag, { entry, queue: this.queue, settled: this.settled });
    }
    const { exchange, routingKey, body } = entry.message;
    const redelivered = entry.returns > 0;
    this.channel.sendContent(
      'basic.deliver',
      { consumerTag: this.tag, deliveryTag, redelivered, exchange, routingKey },
      { properties: this.propertiesOf(entry), body },
    );
  }

  /** The queue was deleted under it. */
  cancelled(): void {
    this.stopped = true;
    this.channel.consumers.delete(this.tag);
    if (this.channel.link.cancelNotify) this.channel.send('basic.cancel', { consumerTag: this.tag, noWait: true });
  }

  stop(): void {
    this.stopped = true;
  }

  leave(): void {
    this.stop();
    this.channel.consumers.delete(this.tag);
    this.queue.removeConsumer(this);
    if (this.queue.declaration.autoDelete && this.queue.consumers.count === 0)
      this.channel.broker.deleteQueue(this.queue);
  }

  private readonly settled = () => {
    this.unacked--;
    this.channel.unacked--;
  };

  /** A quorum queue says how often a message came back, from the first time on. */
  private propertiesOf({ message, returns }: Entry): Buffer {
    const counts = this.queue.declaration.settings.quorum && returns > 0;
    return counts ? withDeliveryCount(message.properties, returns) : message.properties;
  }
}
