import type { Socket } from 'node:net';
import { AmqpError } from './amqp-error.js';
import type { Broker } from './broker.js';
import type { Link } from './channel.js';
import { Channels } from './channels.js';
import { FRAME, FrameReader, type Frame } from './frame.js';
import { Handshake, PROTOCOL_HEADER, type Credentials } from './handshake.js';
import { Heartbeat } from './heartbeat.js';
import { decodeMethod, idsOf, type Method, type MethodName } from './methods.js';
import { Outgoing } from './outgoing.js';

/** For a client to finish the handshake, and to answer a close. */
const HANDSHAKE_MS = 10_000;
const CLOSE_MS = 5_000;

export interface Alarm {
  /** Set while publishers must wait. */
  readonly reason: string | undefined;
}

/**
 * One client's socket, from first byte to last.
 * 1. The client sends the protocol header, and the handshake follows.
 * 2. Frames come: on channel 0 for the connection, else for a channel.
 * 3. A mistake closes the channel or the connection with an AMQP error (`fail`, `close`).
 * 4. However it ends, its channels end, what they had goes back, and its exclusive queues go (`end`).
 */
export class Connection implements Link {
  private readonly reader = new FrameReader();
  readonly outgoing: Outgoing;
  private readonly handshake: Handshake;
  private readonly channels = new Channels(this);
  private heartbeat?: Heartbeat;
  private deadline?: NodeJS.Timeout;
  private state: 'new' | 'open' | 'closing' | 'ended' = 'new';
  /** The method at work, which a close names as its cause. */
  private current: MethodName | undefined;
  /** An alarm stopped it. */
  private held = false;

  constructor(
    private readonly socket: Socket,
    readonly broker: Broker,
    private readonly credentials: Credentials,
    private readonly alarm: Alarm,
    private readonly ended: () => void,
  ) {
    this.outgoing = new Outgoing(socket, () => this.channels.wake());
    this.handshake = new Handshake(credentials, (name, args) => this.outgoing.send(0, name, args));
    this.destroyIn(HANDSHAKE_MS);
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

  publishing(): void {
    const { reason } = this.alarm;
    if (reason === undefined) return;
    this.held = true;
    this.socket.pause();
    if (this.handshake.can('connection.blocked')) this.outgoing.send(0, 'connection.blocked', { reason });
  }

  /** The alarm is over: goes on where it stopped. */
  unblock(): void {
    if (!this.held) return;
    if (this.handshake.can('connection.blocked')) this.outgoing.send(0, 'connection.unblocked', {});
    this.release();
  }

  /** Tells the client why, and gives it a moment to answer. */
  close(error: AmqpError): void {
    if (this.state === 'closing' || this.state === 'ended') return;
    const ids = this.current ? idsOf(this.current) : { classId: 0, methodId: 0 };
    this.endChannels();
    this.outgoing.send(0, 'connection.close', { replyCode: error.code, replyText: error.message, ...ids });
    this.state = 'closing';
    this.destroyIn(CLOSE_MS);
    if (this.held) this.release();
  }

  destroy(): void {
    this.socket.destroy();
  }

  private receive(chunk: Buffer): void {
    // After our last word the rest is not even kept.
    if (this.state === 'ended') return;
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
      if (this.state === 'closing') this.finish();
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
    switch (frame.type) {
      case FRAME.heartbeat:
        if (frame.payload.length > 0) throw new AmqpError('FRAME_ERROR', `type ${frame.type}: unknown_frame`);
        if (frame.channel !== 0) throw new AmqpError('UNEXPECTED_FRAME', 'a heartbeat on a channel');
        return;
      case FRAME.method:
      case FRAME.header:
      case FRAME.body:
        if (this.state === 'closing') return this.acceptWhileClosing(frame);
        return this.acceptOn(frame.channel, frame);
      default:
        throw new AmqpError('FRAME_ERROR', `type ${frame.type}: unknown_frame`);
    }
  }

  private acceptOn(channel: number, frame: Frame): void {
    try {
      if (frame.type !== FRAME.method) {
        this.current = 'basic.publish';
        this.channels.acceptContent(frame);
        return;
      }
      const method = decodeMethod(frame.payload);
      this.current = method.name;
      if (channel === 0) this.acceptMethod(method);
      else if (this.handshake.done) this.channels.acceptMethod(channel, method);
      else throw new AmqpError('CHANNEL_ERROR', 'the connection is not open yet');
    } catch (error) {
      this.fail(error, channel);
    }
  }

  private acceptMethod(method: Method): void {
    if (method.name === 'connection.close') {
      this.endChannels();
      this.outgoing.send(0, 'connection.close-ok', {});
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
    const { channelMax, frameMax, heartbeatSeconds } = this.handshake.agreement;
    this.channels.limit = channelMax;
    this.reader.maxBytes = frameMax;
    this.outgoing.frameMax = frameMax;
    if (heartbeatSeconds === 0) return;
    this.heartbeat = new Heartbeat(heartbeatSeconds, {
      outgoing: this.outgoing,
      silent: () => this.socket.destroy(),
      waived: () => this.socket.isPaused(),
    });
  }

  private acceptWhileClosing(frame: Frame): void {
    if (frame.channel !== 0 || frame.type !== FRAME.method) return;
    const { name } = decodeMethod(frame.payload);
    if (name === 'connection.close') this.outgoing.send(0, 'connection.close-ok', {});
    if (name === 'connection.close' || name === 'connection.close-ok') this.finish();
  }

  private fail(error: unknown, channel = 0): void {
    if (this.channels.fail(channel, error, this.current ?? 'basic.publish')) return;
    this.close(error instanceof AmqpError ? error : new AmqpError('INTERNAL_ERROR'));
  }

  private release(): void {
    this.held = false;
    this.socket.resume();
    this.process();
  }

  private drained(): void {
    if (!this.held) this.socket.resume();
    this.channels.wake();
  }

  private finish(): void {
    this.state = 'ended';
    this.outgoing.flush();
    this.socket.end();
    this.destroyIn(CLOSE_MS);
  }

  private destroyIn(ms: number): void {
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => this.socket.destroy(), ms).unref();
  }

  private endChannels(): void {
    this.channels.end();
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
