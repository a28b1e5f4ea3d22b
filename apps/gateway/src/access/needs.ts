import { createParamDecorator, SetMetadata, type CustomDecorator, type ExecutionContext } from '@nestjs/common';
import type { Scope } from './access.config.js';
import type { Caller } from './api-keys.js';

export const NEEDS = Symbol('otpost:scope');

/** The scope that a controller or method wants of its caller's key; `verify` where none is named. */
export const Needs = (scope: Scope): CustomDecorator<symbol> => SetMetadata(NEEDS, scope);

export interface CallersRequest {
  caller?: Caller;
}

/** Parameter of a controller's method: the id of the caller's key, `anybody` where there are no keys. */
export const CallerId = createParamDecorator(
  (_: unknown, context: ExecutionContext): string =>
    context.switchToHttp().getRequest<CallersRequest>().caller?.id ?? 'anybody',
);
