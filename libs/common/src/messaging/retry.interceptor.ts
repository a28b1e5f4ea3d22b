import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { RmqContext } from '@nestjs/microservices';
import { catchError, defaultIfEmpty, map, of, type Observable } from 'rxjs';
import { countOf } from './delivery-headers.js';
import { done, isHandlerResult, park, retry, UnreadableError, type HandlerResult } from './handler-result.js';
import { policyNameOf } from './handles.metadata.js';
import { RetryPolicies } from './retry-policies.js';
import { settle, type Settlement } from './settlement.js';

/** Turns what a handler returned or threw into a Settlement by the handler's policy. Never touches the channel. */
@Injectable()
export class RetryInterceptor implements NestInterceptor {
  constructor(private readonly policies: RetryPolicies) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<Settlement> {
    const policy = this.policies.of(policyNameOf(context.getHandler()));
    const message = context.switchToRpc().getContext<RmqContext>().getMessage() as Parameters<typeof countOf>[0];
    return next.handle().pipe(
      map((value): HandlerResult => (isHandlerResult(value) ? value : done())),
      defaultIfEmpty(done()),
      catchError((error: unknown) => of(resultOf(error))),
      map((result) => settle(result, policy, countOf(message))),
    );
  }
}

function resultOf(error: unknown): HandlerResult {
  const reason = error instanceof Error ? error.message : String(error);
  return error instanceof UnreadableError ? park(reason) : retry(reason);
}
