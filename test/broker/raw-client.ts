import { connect, type Socket } from 'node:net';
import { ByteWriter } from '../../libs/embedded-broker/src/bytes.ts';
import { FrameReader, writeMethodFrame, type Frame } from '../../libs/embedded-broker/src/frame.ts';
import { decodeMethod, type Args, type Method, type MethodName } from '../../libs/embedded-broker/src/methods.ts';
import { until } from '../support/until.ts';

export const PROTOCOL_HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');

/** Speaks AMQP frame by frame, also wrongly, where a client library would not. */
export class RawClient {
  readonly frames: Frame[] = [];
  readonly received: Buffer[] = [];
  closed = false;
  private readonly reader = new FrameReader();
  private readonly socket: Socket;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect({ port: Number(port), host: hostname, noDelay: true });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.closed = true));
    this.socket.on('data', (chunk) => this.receive(chunk));
  }

  /** Through the handshake with the broker's default user; channel 1 is open then. */
  static async open(url: string, tune: { frameMax?: number; heartbeat?: number } = {}): Promise<RawClient> {
    const client = new RawClient(url);
    client.write(PROTOCOL_HEADER);
    await client.method('connection.start');
    client.send(0, 'connection.start-ok', {
      clientProperties: new Map(),
      mechanism: 'PLAIN',
      response: Buffer.from('\0guest\0guest'),
      locale: 'en_US',
    });
    await client.method('connection.tune');
    const { frameMax = 131_072, heartbeat = 0 } = tune;
    client.send(0, 'connection.tune-ok', { channelMax: 2047, frameMax, heartbeat });
    return client;
  }

  async openChannel(): Promise<this> {
    this.send(0, 'connection.open', { virtualHost: '/' });
    await this.method('connection.open-ok');
    this.send(1, 'channel.open', {});
    await this.method('channel.open-ok');
    return this;
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  send<N extends MethodName>(channel: number, name: N, args: Args<N>): void {
    this.write(methodFrame(channel, name, args));
  }

  /** Waits for this method and gives its arguments. */
  async method<N extends MethodName>(name: N): Promise<Args<N>> {
    const found = await until(name, 5, () => this.methods().find((method) => method.name === name));
    return found.args as Args<N>;
  }

  methods(): Method[] {
    return this.frames.filter(({ type }) => type === 1).map(({ payload }) => decodeMethod(payload));
  }

  /** What comes fills the socket's buffers and then stays with the broker. */
  stopReading(): void {
    this.socket.pause();
  }

  readOn(): void {
    this.socket.resume();
  }

  destroy(): void {
    this.socket.destroy();
  }

  private receive(chunk: Buffer): void {
    this.received.push(chunk);
    if (chunk.toString('latin1', 0, 4) === 'AMQP') return;
    this.reader.push(chunk);
    for (let frame = this.reader.next(); frame; frame = this.reader.next()) this.frames.push(frame);
  }
}

export function methodFrame<N extends MethodName>(channel: number, name: N, args: Args<N>): Buffer {
  const writer = new ByteWriter();
  writeMethodFrame(writer, channel, name, args);
  return writer.takeAll();
}

export function frame(type: number, channel: number, payload: Buffer, end = 0xce): Buffer {
  const head = Buffer.alloc(7);
  head.writeUInt8(type, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.from([end])]);
}
