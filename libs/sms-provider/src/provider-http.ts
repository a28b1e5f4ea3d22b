import { Pool } from 'undici';
import type { SendOutcome } from './sms-provider.js';

/** A company's answer, whatever it says. `retryAfterMs` is its `Retry-After` header. */
export interface HttpAnswer {
  readonly kind: 'answered';
  readonly status: number;
  readonly body: string;
  readonly retryAfterMs?: number;
}

/** There was no answer to read: refused before anything was sent, or unknown. */
export type NoAnswer = Exclude<SendOutcome, { kind: 'accepted' }>;

/** How long headers and body may take is the signal's business: 0 is no limit of our own. */
const LIMITS = { connectMs: 3_000, headersMs: 0, bodyMs: 0, answerBytes: 64 * 1024 };
export type HttpLimits = typeof LIMITS;

/**
 * HTTP to one company: kept-alive connections, as many as there are requests in flight. Follows no redirect, repeats
 * nothing, and never shows a URL: it may hold credentials.
 */
export class ProviderHttp {
  private readonly pool: Pool;
  private readonly prefix: string;
  private readonly limits: HttpLimits;

  constructor(baseUrl: string, limits: Partial<HttpLimits> = {}) {
    const { origin, pathname } = new URL(baseUrl);
    this.limits = { ...LIMITS, ...limits };
    this.prefix = pathname.replace(/\/$/, '');
    this.pool = new Pool(origin, {
      connect: { timeout: this.limits.connectMs },
      headersTimeout: this.limits.headersMs,
      bodyTimeout: this.limits.bodyMs,
    });
  }

  /** Never rejects. The signal ends the wait at once; what had not been written by then is never written. */
  post(
    path: string,
    headers: Record<string, string>,
    body: string,
    signal: AbortSignal,
  ): Promise<HttpAnswer | NoAnswer> {
    return this.request('POST', path, headers, body, signal);
  }

  /** As `post`. */
  get(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<HttpAnswer | NoAnswer> {
    return this.request('GET', path, headers, null, signal);
  }

  private request(
    method: 'GET' | 'POST',
    path: string,
    headers: Record<string, string>,
    body: string | null,
    signal: AbortSignal,
  ): Promise<HttpAnswer | NoAnswer> {
    return new Promise((resolve) => {
      let written = false;
      let abort: ((reason: Error) => void) | undefined;
      const settle = (outcome: HttpAnswer | NoAnswer) => {
        signal.removeEventListener('abort', giveUp);
        resolve(outcome);
      };
      const fail = (code: string) => {
        settle(networkOutcome(code, written));
        abort?.(new Error(code));
      };
      const giveUp = () => fail('aborted');
      if (signal.aborted) return giveUp();
      signal.addEventListener('abort', giveUp, { once: true });

      let answer: { status: number; retryAfterMs?: number } | undefined;
      const chunks: Buffer[] = [];
      let bytes = 0;
      this.pool.dispatch(
        { path: this.prefix + path, method, headers, body },
        {
          // Called with the connection ready and nothing written; returning from it starts the writing.
          onRequestStart: (controller) => {
            if (signal.aborted) return controller.abort(new Error('aborted'));
            written = true;
            abort = (reason) => controller.abort(reason);
          },
          onResponseStart: (_controller, status, head) => {
            if (status >= 200) answer = { status, ...retryAfter(head['retry-after'], Date.now()) };
          },
          onResponseData: (_controller, chunk) => {
            chunks.push(chunk);
            bytes += chunk.length;
            if (bytes > this.limits.answerBytes) fail('answer-too-large');
          },
          onResponseEnd: () => {
            const text = Buffer.concat(chunks).toString('utf8');
            settle(answer ? { kind: 'answered', body: text, ...answer } : networkOutcome('no-answer', written));
          },
          onResponseError: (_controller, error) => settle(networkOutcome(codeOf(error), written)),
        },
      );
    });
  }

  close(): Promise<void> {
    return this.pool.close();
  }
}

/**
 * What a failure of the network means. Until a request is written the company cannot have it (refused, no such host, TLS,
 * connect timeout); from then on "other side closed", a reset or a timeout look the same whether it read all or nothing.
 */
export const networkOutcome = (code: string, written: boolean): NoAnswer =>
  written ? { kind: 'unknown', code } : { kind: 'rejected', class: 'RETRYABLE', scope: 'provider', code };

const codeOf = (error: Error) => (error as NodeJS.ErrnoException).code ?? error.name;

/** RFC 9110 §10.2.3: seconds, or a date. */
export function retryAfter(header: string | string[] | undefined, now: number): { retryAfterMs?: number } {
  if (typeof header !== 'string') return {};
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? { retryAfterMs: Math.max(0, ms) } : {};
}
