import { AmqpError } from './amqp-error.js';
import type { ByteWriter } from './bytes.js';
import { writeMethod, type Args, type MethodName } from './methods.js';

export const FRAME = { method: 1, header: 2, body: 3, heartbeat: 8 } as const;
/** Type, channel, size before the payload; the end octet behind it. */
const HEAD_BYTES = 7;
export const FRAME_OVERHEAD = HEAD_BYTES + 1;
const FRAME_END = 0xce;
const BASIC_CLASS = 60;

export interface Frame {
  readonly type: number;
  readonly channel: number;
  /** A view of the received bytes: whoever keeps it copies it. */
  readonly payload: Buffer;
}

/** Cuts a byte stream into frames. */
export class FrameReader {
  private bytes: Buffer = Buffer.alloc(0);
  private start = 0;
  /** The largest frame that the peer may send, its 8 bytes of head and end included. */
  maxBytes = 131_072;

  push(chunk: Buffer): void {
    this.bytes = this.left === 0 ? chunk : Buffer.concat([this.bytes.subarray(this.start), chunk]);
    this.start = 0;
  }

  /** The first bytes of a connection, which are no frame; undefined until they are all there. */
  take(length: number): Buffer | undefined {
    if (this.left < length) return undefined;
    this.start += length;
    return this.bytes.subarray(this.start - length, this.start);
  }

  next(): Frame | undefined {
    if (this.left < HEAD_BYTES) return undefined;
    const { bytes, start } = this;
    const type = bytes[start]!;
    const size = bytes.readUInt32BE(start + 3);
    if (size > this.maxBytes - FRAME_OVERHEAD) {
      throw new AmqpError('FRAME_ERROR', `type ${type}, payload size ${size}: exceeds the negotiated frame_max`);
    }
    if (this.left < size + FRAME_OVERHEAD) return undefined;
    const end = start + HEAD_BYTES + size;
    if (bytes[end] !== FRAME_END) {
      throw new AmqpError('FRAME_ERROR', `type ${type}, payload size ${size}: no frame-end octet`);
    }
    this.start = end + 1;
    return { type, channel: bytes.readUInt16BE(start + 1), payload: bytes.subarray(start + HEAD_BYTES, end) };
  }

  private get left(): number {
    return this.bytes.length - this.start;
  }
}

export function writeMethodFrame<N extends MethodName>(
  writer: ByteWriter,
  channel: number,
  name: N,
  args: Args<N>,
): void {
  const size = beginFrame(writer, FRAME.method, channel);
  writeMethod(writer, name, args);
  endFrame(writer, size);
}

/** A content header and the body behind it, split so that no frame exceeds `maxBytes`. */
export function writeContentFrames(
  writer: ByteWriter,
  channel: number,
  content: { properties: Buffer; body: Buffer },
  maxBytes: number,
): void {
  const size = beginFrame(writer, FRAME.header, channel);
  writer.short(BASIC_CLASS);
  writer.short(0);
  writer.longlong(content.body.length);
  writer.append(content.properties);
  endFrame(writer, size);
  const step = maxBytes - FRAME_OVERHEAD;
  for (let start = 0; start < content.body.length; start += step) {
    const part = beginFrame(writer, FRAME.body, channel);
    writer.append(content.body.subarray(start, start + step));
    endFrame(writer, part);
  }
}

export function writeHeartbeat(writer: ByteWriter): void {
  endFrame(writer, beginFrame(writer, FRAME.heartbeat, 0));
}

function beginFrame(writer: ByteWriter, type: number, channel: number): number {
  writer.octet(type);
  writer.short(channel);
  return writer.beginLength();
}

function endFrame(writer: ByteWriter, size: number): void {
  writer.endLength(size);
  writer.octet(FRAME_END);
}
