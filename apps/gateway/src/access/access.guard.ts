import { AppLogger } from '@app/common';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiKeys } from './api-keys.js';
import { Services } from '../services/services.js';
import { ALL_SERVICES, ANYBODY, type Caller, type CallersRequest, type Scope } from './caller.js';
import { NEEDS } from './needs.js';
import { missingScope, unauthenticated } from './refusals.js';

interface Request extends CallersRequest {
  readonly url: string;
  readonly headers: { readonly authorization?: string };
}

/** For orchestrators and Prometheus, who have no key. Whatever else there is wants one. */
const OPEN = /^\/(livez|readyz|metrics)\/?(\?|$)/;
const BEARER = /^bearer +(\S+)$/i;

/** Lets a request in that brings a key with the scope its route wants. Events come over RabbitMQ and have rights of their own. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly keys: ApiKeys,
    private readonly services: Services,
    private readonly reflector: Reflector,
    logger: AppLogger,
  ) {
    if (keys.none) logger.warn({}, 'API_KEYS is not set: whoever reaches this port may use the API');
  }

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const request = context.switchToHttp().getRequest<Request>();
    if (OPEN.test(request.url)) return true;
    const scope =
      this.reflector.getAllAndOverride<Scope | undefined>(NEEDS, [context.getHandler(), context.getClass()]) ??
      'verify';
    request.caller = this.keys.none ? ANYBODY : this.authenticate(request.headers.authorization);
    const { scopes, service } = request.caller;
    if (!scopes.includes(scope)) throw missingScope(scope);
    if (service !== ALL_SERVICES) this.services.of(service);
    return true;
  }

  private authenticate(authorization: string | undefined): Caller {
    const key = BEARER.exec(authorization ?? '')?.[1];
    if (key === undefined) throw unauthenticated('Send an API key: Authorization: Bearer <key>.', '');
    const caller = this.keys.callerOf(key);
    if (!caller) throw unauthenticated('No such API key is known here.', 'invalid_token');
    return caller;
  }
}
