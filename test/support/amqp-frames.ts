/** One AMQP 0-9-1 frame (or the protocol header that opens a connection), as it goes over the wire. */
export interface Frame {
  readonly bytes: Buffer;
  /** `basic.publish` and the like; undefined for headers, bodies and heartbeats, and for methods nobody asks about. */
  readonly method?: string;
  /** Of a `basic.publish`. */
  readonly exchange?: string;
  readonly routingKey?: string;
}

const METHODS: Readonly<Record<string, string>> = {
  '60.40': 'basic.publish',
  '60.50': 'basic.return',
  '60.60': 'basic.deliver',
  '60.80': 'basic.ack',
  '60.120': 'basic.nack',
};
const HEADER = 7;

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  private rest: Buffer = Buffer.alloc(0);

  read(chunk: Buffer): Frame[] {
    this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const frames: Frame[] = [];
    for (let frame = this.next(); frame; frame = this.next()) frames.push(frame);
    return frames;
  }

  private next(): Frame | undefined {
    const { rest } = this;
    if (rest.length < HEADER) return undefined;
    const size = rest.toString('latin1', 0, 4) === 'AMQP' ? 8 : HEADER + rest.readUInt32BE(3) + 1;
    if (rest.length < size) return undefined;
    this.rest = rest.subarray(size);
    return describe(rest.subarray(0, size));
  }
}

function describe(bytes: Buffer): Frame {
  if (bytes[0] !== 1) return { bytes };
  const method = METHODS[`${bytes.readUInt16BE(HEADER)}.${bytes.readUInt16BE(HEADER + 2)}`];
  if (method !== 'basic.publish') return { bytes, ...(method ? { method } : {}) };
  const exchange = shortString(bytes, HEADER + 6); // class, method, a reserved short
  const routingKey = shortString(bytes, HEADER + 7 + Buffer.byteLength(exchange));
  return { bytes, method, exchange, routingKey };
}

const shortString = (bytes: Buffer, at: number) => bytes.toString('utf8', at + 1, at + 1 + bytes[at]!);
