import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/** What a key may do: `verify` is the verifications API, `operate` looks at and moves what went wrong. */
export const SCOPES = ['verify', 'operate'] as const;
export type Scope = (typeof SCOPES)[number];

/** The service of a caller whose key names none. */
export const DEFAULT_SERVICE = 'default';
/** In place of a service's name: the key operates on all services, and on what belongs to none. */
export const ALL_SERVICES = '*';

/** Who calls. */
export interface Caller {
  /** Of the key. */
  readonly id: string;
  readonly scopes: readonly Scope[];
  /** The name of the service for which it starts verifications; it sees no others. `*` for keys that only operate. */
  readonly service: string;
}

/** Where no keys are configured. */
export const ANYBODY: Caller = { id: 'anybody', scopes: SCOPES, service: DEFAULT_SERVICE };

/** Whether what belongs to a service, or (undefined) to none, is the caller's to look at and to move. */
export const mayOperateOn = (caller: Caller, service: string | undefined): boolean =>
  operatesOnAll(caller) || caller.service === service;

export const operatesOnAll = (caller: Caller): boolean => caller === ANYBODY || caller.service === ALL_SERVICES;

export interface CallersRequest {
  caller?: Caller;
}

/** Parameter of a controller's method: who calls it. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<CallersRequest>();
  if (!caller) throw new Error('AccessGuard does not guard this route');
  return caller;
});
