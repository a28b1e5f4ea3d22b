import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a company was asked. */
export interface Asked {
  readonly request: IncomingMessage;
  readonly body: string;
}

/** A company that keeps what it is asked and answers what a test says. */
export class OneCompany {
  readonly requests: Asked[] = [];
  private reply: { status: number; body: string; headers?: Record<string, string> } = { status: 200, body: '{}' };
  private server?: Server;

  /** Its address. */
  async open(): Promise<string> {
    this.server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        this.requests.push({ request, body });
        response.writeHead(this.reply.status, this.reply.headers).end(this.reply.body);
      });
    });
    await new Promise<void>((resolve) => this.server!.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on. An object is told as JSON. */
  answers(status: number, body: object | string = '', headers: Record<string, string> = {}): void {
    this.reply = { status, body: typeof body === 'string' ? body : JSON.stringify(body), headers };
  }

  /** Its one request. */
  get asked(): Asked {
    if (this.requests.length !== 1) throw new Error(`it was asked ${this.requests.length} times, not once`);
    return this.requests[0]!;
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.server?.close(resolve));
  }
}
