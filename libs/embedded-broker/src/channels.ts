import { AmqpError } from './amqp-error.js';
import { Channel, type Link } from './channel.js';
import { acceptContent, acceptMethod } from './dispatch.js';
import type { Frame } from './frame.js';
import { idsOf, type Method, type MethodName } from './methods.js';

/** A connection's channels by number. One that an error has closed takes nothing until the client has answered. */
export class Channels {
  private readonly byNumber = new Map<number, Channel | 'closing'>();
  limit = Infinity;

  constructor(private readonly link: Link) {}

  acceptMethod(number: number, method: Method): void {
    if (method.name === 'channel.open') this.open(number);
    else if (method.name === 'channel.close') this.close(number);
    else if (method.name === 'channel.close-ok' && this.byNumber.get(number) === 'closing')
      this.byNumber.delete(number);
    else this.with(number, (channel) => acceptMethod(channel, method));
  }

  acceptContent(frame: Frame): void {
    this.with(frame.channel, (channel) => acceptContent(channel, frame));
  }

  /** Closes the channel that an error belongs to; false if it costs the whole connection. */
  fail(number: number, error: unknown, cause: MethodName): boolean {
    const channel = this.byNumber.get(number);
    if (!(error instanceof AmqpError) || error.closesConnection || !(channel instanceof Channel)) return false;
    this.byNumber.set(number, 'closing');
    channel.end();
    channel.send('channel.close', { replyCode: error.code, replyText: error.message, ...idsOf(cause) });
    return true;
  }

  wake(): void {
    this.forEach((channel) => channel.wake());
  }

  end(): void {
    this.forEach((channel) => channel.end());
    this.byNumber.clear();
  }

  private open(number: number): void {
    if (this.byNumber.has(number)) throw new AmqpError('CHANNEL_ERROR', "second 'channel.open' seen");
    const [count, limit] = [this.byNumber.size, this.limit];
    if (count >= limit) {
      const text = `number of channels opened (${count}) has reached the negotiated channel_max (${limit})`;
      throw new AmqpError('NOT_ALLOWED', text);
    }
    this.byNumber.set(number, new Channel(number, this.link));
    this.link.outgoing.send(number, 'channel.open-ok', {});
  }

  private close(number: number): void {
    this.with(number, (channel) => channel.end());
    this.byNumber.delete(number);
    this.link.outgoing.send(number, 'channel.close-ok', {});
  }

  private with(number: number, act: (channel: Channel) => void): void {
    const channel = this.byNumber.get(number);
    if (!channel) throw new AmqpError('CHANNEL_ERROR', "expected 'channel.open'");
    if (channel !== 'closing') act(channel);
  }

  private forEach(act: (channel: Channel) => void): void {
    for (const channel of this.byNumber.values()) if (channel instanceof Channel) act(channel);
  }
}
