import { pathOf, Problem, type HttpRequest } from '@app/common';
import { applyDecorators, Injectable, SetMetadata, UseInterceptors } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { from, lastValueFrom, of, type Observable } from 'rxjs';
import type { CallersRequest } from '../access/caller.js';
import { readIdempotencyKey } from './idempotency-key.js';
import type { KeptAnswer } from './idempotency-store.js';
import { IdempotencySettings } from './idempotency.config.js';
import { Idempotency, type Result } from './idempotency.js';
import { keyInvalid, keyMissing } from './refusals.js';
import type { RequestWithSeed } from './request-seed.js';

type Request = HttpRequest &
  CallersRequest &
  RequestWithSeed & {
    readonly headers: Readonly<Record<string, string | undefined>>;
    readonly body: unknown;
    readonly routeOptions: { readonly url: string };
  };

interface Reply {
  readonly statusCode: number;
  status(code: number): unknown;
  header(name: string, value: string): unknown;
  getHeader(name: string): unknown;
}

/** What of an answer's headers is still true when it is given again. */
const KEPT_HEADERS = ['location'];
const REPLAYED = { 'idempotency-replayed': 'true' };

@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly settings: IdempotencySettings,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const reply = http.getResponse<Reply>();
    const key = this.keyOf(request);
    if (key === undefined) return next.handle();
    const begun = await this.idempotency.begin({
      callerId: `${request.caller?.service} ${request.caller?.id}`,
      route: `${request.method} ${request.routeOptions.url}`,
      path: pathOf(request),
      body: request.body,
      key,
    });
    if ('kept' in begun) return of(again(begun.kept, reply));
    const { run, seed } = begun;
    request.seed = seed;
    return from(this.serve(next, reply, (result) => this.idempotency.end(run, result, seed.again)));
  }

  /** The result is noted before it is given: whoever has an answer and asks again gets the same. */
  private async serve(next: CallHandler, reply: Reply, end: (result: Result) => Promise<void>): Promise<unknown> {
    try {
      const body: unknown = await lastValueFrom(next.handle());
      await end({ answer: answerOf(reply, body) });
      return body;
    } catch (error) {
      await end({ error });
      throw error;
    }
  }

  private keyOf({ headers }: Request): string | undefined {
    const header = headers['idempotency-key'];
    if (header === undefined) {
      if (this.settings.required) throw keyMissing();
      return undefined;
    }
    const key = readIdempotencyKey(header);
    if (key === undefined) throw keyInvalid();
    return key;
  }
}

export const IDEMPOTENT = Symbol('otpost:idempotent');

/** A request to this method that has an `Idempotency-Key` takes effect once, however often it comes. */
export const Idempotent = () => applyDecorators(SetMetadata(IDEMPOTENT, true), UseInterceptors(IdempotencyInterceptor));

function answerOf(reply: Reply, body: unknown): KeptAnswer {
  const headers = KEPT_HEADERS.flatMap((name) => {
    const value = reply.getHeader(name);
    return typeof value === 'string' ? [[name, value]] : [];
  });
  return { status: reply.statusCode, headers: Object.fromEntries(headers) as Record<string, string>, body };
}

/** @throws Problem where the answer was one. */
function again({ status, headers, body, problem }: KeptAnswer, reply: Reply): unknown {
  if (problem) throw new Problem(body as Problem['details'], { ...headers, ...REPLAYED });
  reply.status(status);
  for (const [name, value] of Object.entries({ ...headers, ...REPLAYED })) reply.header(name, value);
  return body;
}
