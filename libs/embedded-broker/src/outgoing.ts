import type { Socket } from 'node:net';
import { ByteWriter } from './bytes.js';
import { writeContentFrames, writeHeartbeat, writeMethodFrame } from './frame.js';
import { FRAME_MAX } from './handshake.js';
import type { Args, MethodName } from './methods.js';

/** Deliveries stop while a client has this much unread; reading from it stops at the larger figure. */
const CONGESTED_BYTES = 1024 * 1024;
const OVERRUN_BYTES = 16 * 1024 * 1024;

interface Confirming {
  flushConfirms(): void;
}

/** What goes to one client: gathered, and written once for all that a turn of the event loop produced. */
export class Outgoing {
  private readonly writer = new ByteWriter();
  private readonly confirming = new Set<Confirming>();
  private flushPlanned = false;
  /** The client's limit for one frame. */
  frameMax = FRAME_MAX;
  /** Whether anything was written since this was last set to false. */
  wrote = false;

  constructor(
    private readonly socket: Socket,
    private readonly roomAgain: () => void,
  ) {}

  get congested(): boolean {
    return this.socket.writableLength + this.writer.length > CONGESTED_BYTES;
  }

  /** The client reads nothing of what its own requests cause: it is not read from either, until it has caught up. */
  get overrun(): boolean {
    return this.socket.writableLength > OVERRUN_BYTES;
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
    writeContentFrames(this.writer, channel, content, this.frameMax);
    this.flushLater();
  }

  heartbeat(): void {
    writeHeartbeat(this.writer);
    this.flushLater();
  }

  /** Its confirms are written before what is gathered leaves, as few as they can be. */
  confirmLater(channel: Confirming): void {
    this.confirming.add(channel);
    this.flushLater();
  }

  flush(): void {
    this.flushPlanned = false;
    for (const channel of this.confirming) channel.flushConfirms();
    this.confirming.clear();
    if (this.writer.length === 0) return;
    const bytes = this.writer.takeAll();
    if (!this.socket.writable) return;
    this.wrote = true;
    this.socket.write(bytes);
    if (this.overrun) this.socket.pause();
    // Deliveries stopped for bytes that have left at once: no drain will be announced.
    if (bytes.length > CONGESTED_BYTES && !this.socket.writableNeedDrain) setImmediate(this.roomAgain);
  }

  private flushLater(): void {
    if (this.flushPlanned) return;
    this.flushPlanned = true;
    process.nextTick(() => this.flush());
  }
}
