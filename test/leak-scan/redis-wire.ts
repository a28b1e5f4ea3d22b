import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

/** Speaks to a Redis by hand: what it answers is kept as the bytes it came in. */
export class RedisWire {
  private received = Buffer.alloc(0);

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => (this.received = Buffer.concat([this.received, chunk])));
  }

  static async open(port: number, password?: string): Promise<RedisWire> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const wire = new RedisWire(socket);
    if (password !== undefined) await wire.command(`AUTH ${password}`);
    return wire;
  }

  /** One command that is answered with OK. */
  async command(line: string): Promise<void> {
    this.received = Buffer.alloc(0);
    this.socket.write(`${line}\r\n`);
    while (!this.received.includes('\r\n')) await once(this.socket, 'data');
    if (!this.received.toString().startsWith('+OK')) throw new Error(`Redis: ${this.received.toString().slice(0, 80)}`);
  }

  /** Whatever came after the answer to the last command: after MONITOR, every command of everybody. */
  get everything(): Buffer {
    return this.received;
  }

  close(): void {
    this.socket.destroy();
  }
}
