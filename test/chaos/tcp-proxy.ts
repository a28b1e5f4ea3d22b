import { connect, createServer, type Server, type Socket } from 'node:net';
import { FrameReader, type Frame } from './amqp-frames.js';
import { lastingPort } from './ports.js';

/** One connection through the proxy. */
export interface Link {
  readonly client: Socket;
  readonly broker: Socket;
  /** From now on nothing passes, and nobody is told. */
  silent: boolean;
}

export type Direction = 'to-broker' | 'to-client';

/** Stands in front of one RabbitMQ node and does on the wire what no setting can do. */
export class TcpProxy {
  readonly links = new Set<Link>();
  /** Connections so far. */
  opened = 0;
  /** Looks at each frame before it passes; false keeps it back for ever. */
  rule: (frame: Frame, direction: Direction, link: Link) => boolean = () => true;
  private server: Server | undefined;

  private constructor(
    private readonly port: number,
    private readonly target: number,
  ) {}

  static async inFrontOf(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(await lastingPort(), target);
    await proxy.listen();
    return proxy;
  }

  get url(): string {
    return `amqp://guest:guest@127.0.0.1:${this.port}`;
  }

  /** Resets every connection. */
  cut(): void {
    for (const link of this.links) this.cutLink(link);
  }

  cutLink({ client, broker }: Link): void {
    client.resetAndDestroy();
    broker.resetAndDestroy();
  }

  /** The connections of now go dead without a word; new ones work. */
  silence(): void {
    for (const link of this.links) link.silent = true;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  private listen(): Promise<void> {
    const server = createServer((client) => this.join(client));
    this.server = server;
    return new Promise((resolve) => server.listen(this.port, '127.0.0.1', resolve));
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
    to.on('drain', () => from.resume());
    from.on('error', () => undefined); // `close` follows
    from.on('close', () => {
      this.links.delete(link);
      if (!link.silent) to.destroy();
    });
  }
}
