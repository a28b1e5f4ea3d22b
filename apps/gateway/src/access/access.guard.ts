import { AppLogger, Problem } from '@app/common';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Scope } from './access.config.js';
import { ApiKeys } from './api-keys.js';
import { NEEDS, type CallersRequest } from './needs.js';

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
    private readonly reflector: Reflector,
    logger: AppLogger,
  ) {
    if (keys.none) logger.warn({}, 'API_KEYS is not set: whoever reaches this port may use the API');
  }

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http' || this.keys.none) return true;
    const request = context.switchToHttp().getRequest<Request>();
    if (OPEN.test(request.url)) return true;
    const scope =
      this.reflector.getAllAndOverride<Scope | undefined>(NEEDS, [context.getHandler(), context.getClass()]) ??
      'verify';
    request.caller = this.authenticate(request.headers.authorization);
    if (!request.caller.scopes.includes(scope)) throw forbidden(scope);
    return true;
  }

  private authenticate(authorization: string | undefined) {
    const key = BEARER.exec(authorization ?? '')?.[1];
    if (key === undefined) throw unauthenticated('Send an API key: Authorization: Bearer <key>.', '');
    const caller = this.keys.callerOf(key);
    if (!caller) throw unauthenticated('No such API key is known here.', ', error="invalid_token"');
    return caller;
  }
}

/** RFC 6750 §3. */
const unauthenticated = (detail: string, error: string) =>
  new Problem(
    { status: 401, code: 'unauthenticated', title: 'Who are you?', detail },
    { 'www-authenticate': `Bearer realm="otpost"${error}` },
  );

const forbidden = (scope: Scope) =>
  new Problem(
    {
      status: 403,
      code: 'forbidden',
      title: 'Not with this key',
      detail: `This needs an API key with the scope ${scope}.`,
      missingScope: scope,
    },
    { 'www-authenticate': `Bearer realm="otpost", error="insufficient_scope", scope="${scope}"` },
  );
