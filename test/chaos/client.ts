import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request as httpRequest } from 'undici';
import type { Request } from './record.js';

/** Far above what the gateway may take; what exceeds it is recorded as unanswered. */
const PATIENCE_MS = 20_000;
const TICK_MS = 20;

let numbers = 0;

/** A mainland number that nobody else has in this run, outside the lab's magic range. */
export const nextNumber = (): string => `+86139${String(10_000_000 + numbers++).padStart(8, '0')}`;

/** Asks for codes, round-robin over the gateways, and records every answer. Never asks twice for one number. */
export class Client {
  readonly requests: Request[] = [];
  private readonly open = new Set<Promise<void>>();
  private ticking: NodeJS.Timeout | undefined;
  private turn = 0;
  /** Called with each answer as it comes. */
  onAnswer: (request: Request, gateway: number) => void = () => undefined;

  /** More than this are open only where nobody answers any more. */
  private readonly connections = new Agent({ connections: 500, pipelining: 1 });

  constructor(private readonly gateways: () => readonly string[]) {}

  /** Requests a second, evenly spread. */
  begin(rate: number): void {
    this.pause();
    const began = Date.now();
    let asked = 0;
    this.ticking = setInterval(() => {
      for (const due = ((Date.now() - began) / 1000) * rate; asked < due; asked++) void this.ask();
    }, TICK_MS);
  }

  pause(): void {
    clearInterval(this.ticking);
    this.ticking = undefined;
  }

  /** Asks so many times, with so many requests open at once. */
  async burst(count: number, concurrency = 50): Promise<void> {
    let left = count;
    const one = async () => {
      while (left-- > 0) await this.ask();
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, count) }, one));
  }

  /** Resolves when every request has its answer, or none will come. */
  async settled(): Promise<void> {
    this.pause();
    while (this.open.size > 0) await Promise.all([...this.open]);
  }

  async end(): Promise<void> {
    this.pause();
    await this.connections.destroy();
  }

  async ask(to = nextNumber()): Promise<Request> {
    const urls = this.gateways();
    const gateway = this.turn++ % urls.length;
    const request: Request = { to, askedAt: Date.now(), status: 0 };
    this.requests.push(request);
    const work = this.send(request, `${urls[gateway]}/v1/verifications`, gateway).finally(() => this.open.delete(work));
    this.open.add(work);
    await work;
    return request;
  }

  private async send(request: Request, url: string, gateway: number): Promise<void> {
    try {
      const response = await httpRequest(url, {
        dispatcher: this.connections,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ to: request.to }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      request.status = response.statusCode;
      const body = (await response.body.json()) as { id?: string; verificationId?: string };
      request.id = body.id ?? body.verificationId;
    } catch {
      await sleep(10); // refused or cut off: no answer, and no reason to spin
    }
    request.answeredAt = Date.now();
    this.onAnswer(request, gateway);
  }
}
