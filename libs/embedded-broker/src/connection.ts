import type { Socket } from 'node:net';
import { AmqpError } from './amqp-error.js';
import type { Broker } from './broker.js';
import { ByteWriter } from './bytes.js';
import { Channel, type Link } from './channel.js';
import { acceptContent, acceptMethod } from './dispatch.js';
import { FRAME, FrameReader, writeContentFrames, writeHeartbeat, writeMethodFrame, type Frame } from './frame.js';
import { Handshake, PROTOCOL_HEADER, type Credentials } from './handshake.js';
import { Heartbeat } from './heartbeat.js';
import { decodeMethod, idsOf, type Args, type Method, type MethodName } from './methods.js';

/** Deliveries stop while a client has this much unread; reading from it stops at the larger figure. */
const CONGESTED_BYTES = 1024 * 1024;
const OVERRUN_BYTES = 16 * 1024 * 1024;
/** For a client to finish the handshake, and to answer a close. */
const HANDSHAKE_MS = 10_000;
const CLOSE_MS = 5_000;

export interface Alarm {
  /** Set while publishers must wait. */
  readonly reason: string | undefined;
}

/**
 * One client's socket, from first byte to last: header and handshake, then frames, each to its channel. A mistake closes
 * the channel or the connection with an AMQP error; however it ends, its channels end and its exclusive queues go.
 */
export class Connection implements Link {
  private readonly reader = new FrameReader();
  private readonly writer = new ByteWriter();
  private readonly handshake: Handshake;
  /** A channel in closing takes nothing until the client has answered. */
  private readonly channels = new Map<number, Channel | 'closing'>();
  private readonly confirming = new Set<Channel>();
  private heartbeat?: Heartbeat;
  private deadline: NodeJS.Timeout;
  private state: 'new' | 'open' | 'closing' | 'ended' = 'new';
  private current: MethodName | undefined;
  private flushPlanned = false;
  private held = false;

  constructor(
    private readonly socket: Socket,
    readonly broker: Broker,
    private readonly credentials: Credentials,
    private readonly alarm: Alarm,
    private readonly ended: () => void,
  ) {
    this.handshake = new Handshake(credentials, (name, args) => this.send(0, name, args));
    this.deadline = this.destroyIn(HANDSHAKE_MS);
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('drain', () => this.drained());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.end());
  }

  get user(): string {
    return this.credentials.user;
  }
  get cancelNotify(): boolean {
    return this.handshake.can('consumer_cancel_notify');
  }
  get congested(): boolean {
    return this.socket.writableLength + this.writer.length > CONGESTED_BYTES;
  }

  send<N extends MethodName>(channel: number, name: N, args: Args<N>): void {
    writeMethodFrame(this.writer, channel, name, args);
    this.flushLater();
  }

  sendContent<N extends MethodName>(
    channel: number,
    name: N,
    args: Args<N>,
    content: { properties: Buffer; body: Buffer },
  ): void {
    writeMethodFrame(this.writer, channel, name, args);
    writeContentFrames(this.writer, channel, content, this.handshake.agreement.frameMax);
    this.flushLater();
  }

  confirmLater(channel: Channel): void {
    this.confirming.add(channel);
    this.flushLater();
  }

  published(): void {
    if (this.alarm.reason === undefined || this.held) return;
    this.held = true;
    this.socket.pause();
    if (this.handshake.can('connection.blocked')) this.send(0, 'connection.blocked', { reason: this.alarm.reason });
  }

  /** The alarm is over: goes on where it stopped. */
  unblock(): void {
    if (!this.held) return;
    this.held = false;
    if (this.handshake.can('connection.blocked')) this.send(0, 'connection.unblocked', {});
    this.socket.resume();
    this.process();
  }

  /** Tells the client why, and gives it a moment to answer. */
  close(error: AmqpError): void {
    if (this.state === 'closing' || this.state === 'ended') return;
    const ids = this.current ? idsOf(this.current) : { classId: 0, methodId: 0 };
    this.endChannels();
    this.send(0, 'connection.close', { replyCode: error.code, replyText: error.message, ...ids });
    this.state = 'closing';
    this.unblock();
    this.deadline = this.destroyIn(CLOSE_MS);
  }

  destroy(): void {
    this.socket.destroy();
  }

  private receive(chunk: Buffer): void {
    this.heartbeat?.heard();
    this.reader.push(chunk);
    this.process();
  }

  private process(): void {
    try {
      if (this.state === 'new' && !this.readHeader()) return;
      while (!this.held && this.state !== 'ended') {
        this.current = undefined;
        const frame = this.reader.next();
        if (!frame) break;
        this.accept(frame);
      }
    } catch (error) {
      // Bytes that are no frames leave no place to go on from, not even to find the answer to our close.
      if (this.state === 'closing') this.socket.destroy();
      else this.fail(error);
    }
  }

  private readHeader(): boolean {
    const header = this.reader.take(PROTOCOL_HEADER.length);
    if (!header) return false;
    if (!header.equals(PROTOCOL_HEADER)) {
      this.state = 'ended';
      this.socket.end(PROTOCOL_HEADER);
      return false;
    }
    this.state = 'open';
    this.handshake.start();
    return true;
  }

  private accept(frame: Frame): void {
    if (frame.type === FRAME.heartbeat) {
      if (frame.payload.length > 0) throw new AmqpError('FRAME_ERROR', `type ${frame.type}: unknown_frame`);
      if (frame.channel !== 0) throw new AmqpError('UNEXPECTED_FRAME', 'a heartbeat on a channel');
      return;
    }
    if (frame.type !== FRAME.method && frame.type !== FRAME.header && frame.type !== FRAME.body) {
      throw new AmqpError('FRAME_ERROR', `type ${frame.type}: unknown_frame`);
    }
    if (this.state === 'closing') return this.acceptWhileClosing(frame);
    try {
      if (frame.type === FRAME.method) this.acceptMethod(frame.channel, this.decode(frame));
      else this.withChannel(frame.channel, (channel) => acceptContent(channel, frame));
    } catch (error) {
      this.fail(error, frame.channel);
    }
  }

  private decode(frame: Frame): Method {
    const method = decodeMethod(frame.payload);
    this.current = method.name;
    return method;
  }

  private acceptMethod(number: number, method: Method): void {
    if (number === 0) this.acceptOnConnection(method);
    else if (!this.handshake.done) throw new AmqpError('CHANNEL_ERROR', 'the connection is not open yet');
    else if (method.name === 'channel.open') this.open(number);
    else if (method.name === 'channel.close') this.closeChannel(number);
    else if (method.name === 'channel.close-ok' && this.channels.get(number) === 'closing')
      this.channels.delete(number);
    else this.withChannel(number, (channel) => acceptMethod(channel, method));
  }

  private acceptOnConnection(method: Method): void {
    if (method.name === 'connection.close') {
      this.endChannels();
      this.send(0, 'connection.close-ok', {});
      this.finish();
    } else if (this.handshake.done) {
      throw new AmqpError('CHANNEL_ERROR', 'unexpected method in connection state running');
    } else {
      this.handshake.accept(method);
      if (this.handshake.done) this.opened();
    }
  }

  private opened(): void {
    clearTimeout(this.deadline);
    const { frameMax, heartbeatSeconds } = this.handshake.agreement;
    this.reader.maxBytes = frameMax;
    if (heartbeatSeconds === 0) return;
    this.heartbeat = new Heartbeat(heartbeatSeconds, {
      beat: () => {
        writeHeartbeat(this.writer);
        this.flush();
      },
      silent: () => this.socket.destroy(),
      waived: () => this.socket.isPaused(),
    });
  }

  private acceptWhileClosing(frame: Frame): void {
    if (frame.channel !== 0 || frame.type !== FRAME.method) return;
    const { name } = decodeMethod(frame.payload);
    if (name === 'connection.close') this.send(0, 'connection.close-ok', {});
    if (name === 'connection.close' || name === 'connection.close-ok') this.finish();
  }

  private open(number: number): void {
    if (this.channels.has(number)) throw new AmqpError('CHANNEL_ERROR', "second 'channel.open' seen");
    const { channelMax } = this.handshake.agreement;
    if (this.channels.size >= channelMax) {
      throw new AmqpError(
        'NOT_ALLOWED',
        `number of channels opened (${channelMax}) has reached the negotiated channel_max (${channelMax})`,
      );
    }
    this.channels.set(number, new Channel(number, this));
    this.send(number, 'channel.open-ok', {});
  }

  private closeChannel(number: number): void {
    this.withChannel(number, (channel) => channel.end());
    this.channels.delete(number);
    this.send(number, 'channel.close-ok', {});
  }

  /** While a channel is closing, what still comes for it is dropped. */
  private withChannel(number: number, act: (channel: Channel) => void): void {
    const channel = this.channels.get(number);
    if (!channel) throw new AmqpError('CHANNEL_ERROR', "expected 'channel.open'");
    if (channel !== 'closing') act(channel);
  }

  private fail(error: unknown, number = 0): void {
    const known = error instanceof AmqpError ? error : new AmqpError('INTERNAL_ERROR');
    const channel = this.channels.get(number);
    if (known.closesConnection || !(channel instanceof Channel)) return this.close(known);
    const ids = this.current ? idsOf(this.current) : idsOf('basic.publish');
    this.channels.set(number, 'closing');
    channel.end();
    this.send(number, 'channel.close', { replyCode: known.code, replyText: known.message, ...ids });
  }

  private flushLater(): void {
    if (this.flushPlanned) return;
    this.flushPlanned = true;
    process.nextTick(() => this.flush());
  }

  /** One write for all that a turn of the event loop produced. */
  private flush(): void {
    this.flushPlanned = false;
    for (const channel of this.confirming) channel.flushConfirms();
    this.confirming.clear();
    if (this.writer.length === 0 || !this.socket.writable) return;
    this.socket.write(this.writer.takeAll());
    if (this.heartbeat) this.heartbeat.sent = true;
    if (this.socket.writableLength > OVERRUN_BYTES) this.socket.pause();
  }

  private drained(): void {
    if (!this.held) this.socket.resume();
    for (const channel of this.channels.values()) if (channel instanceof Channel) channel.wake();
  }

  private finish(): void {
    this.state = 'ended';
    this.flush();
    this.socket.end();
    this.deadline = this.destroyIn(CLOSE_MS);
  }

  private destroyIn(ms: number): NodeJS.Timeout {
    clearTimeout(this.deadline);
    return setTimeout(() => this.socket.destroy(), ms).unref();
  }

  private endChannels(): void {
    for (const channel of this.channels.values()) if (channel instanceof Channel) channel.end();
    this.channels.clear();
    this.broker.deleteQueuesOf(this);
  }

  private end(): void {
    this.state = 'ended';
    clearTimeout(this.deadline);
    this.heartbeat?.stop();
    this.endChannels();
    this.ended();
  }
}
