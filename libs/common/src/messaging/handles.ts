import { applyDecorators, UseInterceptors, UsePipes, ValidationPipe, type ValidationError } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { patternOf, type Contract } from '../contracts/event.js';
import { UnreadableError } from './handler-result.js';
import { NamedPolicy } from './handles.metadata.js';
import { RetryInterceptor } from './retry.interceptor.js';

/** What `@Handles` leaves for the server to find. */
export interface HandlerExtras {
  readonly lane: string;
  readonly policy: string;
}

/** `to, params.code` of a contract that does not fit. Never the values. */
const paths = (errors: ValidationError[], prefix = ''): string[] =>
  errors.flatMap(({ property, children }) =>
    children?.length ? paths(children, `${prefix}${property}.`) : [`${prefix}${property}`],
  );

const readable = new ValidationPipe({
  transform: true,
  whitelist: true,
  exceptionFactory: (errors) => new UnreadableError(`schema: ${paths(errors).join(', ')}`),
});

/**
 * Marks a method as the handler of one event: its data are read as the contract, what it returns or throws is settled by
 * the named policy, and it stands in its own lane (queue `<consumer>.<pattern>`) unless it shares a named one. The same
 * in a worker and in a hybrid gateway, where global pipes and interceptors do not reach events.
 */
export function Handles(contract: Contract, policy: string, { lane }: { lane?: string } = {}): MethodDecorator {
  const pattern = patternOf(contract);
  const extras: HandlerExtras = { lane: lane ?? pattern, policy };
  return applyDecorators(
    EventPattern<string>(pattern, extras),
    NamedPolicy(policy),
    UsePipes(readable),
    UseInterceptors(RetryInterceptor),
  );
}
