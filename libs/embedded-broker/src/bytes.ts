import { AmqpError } from './amqp-error.js';

/** Reads AMQP's primitive values in turn; a value that ends beyond the payload is the peer's syntax error. */
export class ByteReader {
  private offset = 0;

  constructor(private readonly bytes: Buffer) {}

  get left(): number {
    return this.bytes.length - this.offset;
  }

  octet(): number {
    return this.bytes[this.advance(1)]!;
  }
  short(): number {
    return this.bytes.readUInt16BE(this.advance(2));
  }
  long(): number {
    return this.bytes.readUInt32BE(this.advance(4));
  }
  /** Above 2^53 inexact; delivery tags and sizes never get there. */
  longlong(): number {
    return this.long() * 0x1_0000_0000 + this.long();
  }
  uint64(): bigint {
    return this.bytes.readBigUInt64BE(this.advance(8));
  }
  shortstr(): string {
    const length = this.octet();
    const start = this.advance(length);
    return this.bytes.toString('utf8', start, start + length);
  }
  longstr(): Buffer {
    return this.take(this.long());
  }

  /** The next bytes, not copied. */
  take(length: number): Buffer {
    const start = this.advance(length);
    return this.bytes.subarray(start, start + length);
  }

  private advance(length: number): number {
    const start = this.offset;
    if (start + length > this.bytes.length) throw new AmqpError('SYNTAX_ERROR', 'a value ends beyond its frame');
    this.offset = start + length;
    return start;
  }
}

const INITIAL_BYTES = 4096;
/** A writer that once had to hold more gives the memory back. */
const KEPT_BYTES = 256 * 1024;

/** Collects what goes out; grows as needed. */
export class ByteWriter {
  private bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  length = 0;

  octet(value: number): void {
    const at = this.reserve(1);
    this.bytes[at] = value;
  }
  short(value: number): void {
    const at = this.reserve(2);
    this.bytes.writeUInt16BE(value, at);
  }
  long(value: number): void {
    const at = this.reserve(4);
    this.bytes.writeUInt32BE(value, at);
  }
  longlong(value: number): void {
    this.long(Math.floor(value / 0x1_0000_0000));
    this.long(value % 0x1_0000_0000);
  }
  uint64(value: bigint): void {
    const at = this.reserve(8);
    this.bytes.writeBigUInt64BE(value, at);
  }
  /** Cut at 255 bytes, which only a reply text could exceed: a name came in as a short string itself. */
  shortstr(value: string): void {
    const text = Buffer.from(value, 'utf8').subarray(0, 255);
    this.octet(text.length);
    this.append(text);
  }
  longstr(value: Buffer): void {
    this.long(value.length);
    this.append(value);
  }
  append(value: Buffer): void {
    const at = this.reserve(value.length);
    value.copy(this.bytes, at);
  }

  /** Leaves room for a length and returns its place for `endLength`. */
  beginLength(): number {
    return this.reserve(4);
  }
  endLength(at: number): void {
    this.bytes.writeUInt32BE(this.length - at - 4, at);
  }

  /** A copy of what was collected; the writer is empty again. */
  takeAll(): Buffer {
    const taken = Buffer.from(this.bytes.subarray(0, this.length));
    this.length = 0;
    if (this.bytes.length > KEPT_BYTES) this.bytes = Buffer.allocUnsafe(INITIAL_BYTES);
    return taken;
  }

  private reserve(length: number): number {
    const start = this.length;
    this.length += length;
    if (this.length > this.bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.length, this.bytes.length * 2));
      this.bytes.copy(grown, 0, 0, start);
      this.bytes = grown;
    }
    return start;
  }
}
