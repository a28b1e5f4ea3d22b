import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { FrameReader, type Frame } from './amqp-frames.ts';

/** One connection through the proxy. */
export interface Link {
  readonly client: Socket;
  readonly broker: Socket;
  /** From now on nothing passes, and nobody is told. */
  silent: boolean;
}

export type Direction = 'to-broker' | 'to-client';

/** Stands before a RabbitMQ on loopback and does on the wire what no setting can do. */
export class TcpProxy {
  readonly links = new Set<Link>();
  /** Connections so far. */
  opened = 0;
  /** Looks at each frame before it passes; false keeps it back for ever. */
  rule: (frame: Frame, direction: Direction, link: Link) => boolean = () => true;
  private frozen = false;

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {
    server.on('connection', (client) => this.join(client));
  }

  static async inFrontOf(target: number): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server, target);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `amqp://guest:guest@127.0.0.1:${this.port}`;
  }

  /** From now on nothing passes on any connection, new ones included; nobody is told, and nothing is lost. */
  freeze(): void {
    this.frozen = true;
    for (const { client, broker } of this.links) for (const socket of [client, broker]) socket.pause();
  }

  /** What was held back passes now. */
  thaw(): void {
    this.frozen = false;
    for (const { client, broker } of this.links) for (const socket of [client, broker]) socket.resume();
  }

  /** The connections of now go dead without a word, and what they carry is lost; new ones work. */
  silence(): void {
    for (const link of this.links) link.silent = true;
  }

  /** Resets every connection. */
  cut(): void {
    for (const link of this.links) this.cutLink(link);
  }

  cutLink({ client, broker }: Link): void {
    client.resetAndDestroy();
    broker.resetAndDestroy();
  }

  /** Ends every connection, and takes none any more. */
  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await closed;
  }

  private join(client: Socket): void {
    this.opened++;
    const broker = connect(this.target, '127.0.0.1');
    const link: Link = { client, broker, silent: false };
    this.links.add(link);
    this.pipe(client, broker, 'to-broker', link);
    this.pipe(broker, client, 'to-client', link);
  }

  private pipe(from: Socket, to: Socket, direction: Direction, link: Link): void {
    const frames = new FrameReader();
    from.setNoDelay(true);
    from.on('data', (chunk: Buffer) => {
      for (const frame of frames.read(chunk)) {
        if (link.silent || to.destroyed || !this.rule(frame, direction, link)) continue;
        if (!to.write(frame.bytes)) from.pause();
      }
    });
    to.on('drain', () => {
      if (!this.frozen) from.resume();
    });
    from.on('error', () => undefined); // `close` follows
    from.on('close', () => {
      this.links.delete(link);
      if (!link.silent) to.destroy();
    });
    if (this.frozen) from.pause();
  }
}
