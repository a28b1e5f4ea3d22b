import { AppLogger, Metrics } from '@app/common';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Services } from '../services/services.js';
import { ApiKeys } from './api-keys.js';
import { ALL_SERVICES, ANYBODY, type Caller, type CallersRequest, type Scope } from './caller.js';
import { NEEDS } from './needs.js';
import { OPEN_ROUTE } from './open.js';
import { missingScope, unauthenticated, wrongAddress } from './refusals.js';

interface Request extends CallersRequest {
  readonly url: string;
  /** The socket's, or what a trusted proxy says. */
  readonly ip: string;
  readonly headers: { readonly authorization?: string };
}

/** For orchestrators, Prometheus and who has yet to learn the API: they have no key. Whatever else there is wants one. */
export const OPEN = /^\/(livez|readyz|metrics|openapi\.json)\/?(\?|$)/;
const BEARER = /^bearer +(\S+)$/i;

/** Lets a request in that brings a key with the scope its route wants. Events come over RabbitMQ and have rights of their own. */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly refused;

  constructor(
    private readonly keys: ApiKeys,
    private readonly services: Services,
    private readonly reflector: Reflector,
    private readonly logger: AppLogger,
    metrics: Metrics,
  ) {
    this.refused = metrics.counter('otpost_access_refused_total', 'Requests whose API key did not open the door.', [
      'reason',
    ]);
    if (keys.none) logger.warn({}, 'API_KEYS is not set: whoever reaches this port may use the API');
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const request = context.switchToHttp().getRequest<Request>();
    if (OPEN.test(request.url)) return true;
    const declared = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(OPEN_ROUTE, declared)) return true;
    const scope = this.reflector.getAllAndOverride<Scope | undefined>(NEEDS, declared) ?? 'verify';
    request.caller = this.keys.none ? ANYBODY : await this.authenticate(request);
    const { id, scopes, service } = request.caller;
    if (!scopes.includes(scope)) {
      this.note('scope', id);
      throw missingScope(scope);
    }
    if (service !== ALL_SERVICES) this.services.of(service);
    return true;
  }

  private async authenticate({ headers, ip }: Request): Promise<Caller> {
    const key = BEARER.exec(headers.authorization ?? '')?.[1];
    if (key === undefined) {
      this.note('no_key');
      throw unauthenticated('Send an API key: Authorization: Bearer <key>.', '');
    }
    const answer = await this.keys.callerOf(key, ip, new Date());
    if (!('refusal' in answer)) return answer;
    this.note(answer.refusal, answer.keyId);
    if (answer.refusal === 'address') throw wrongAddress();
    throw unauthenticated(
      answer.refusal === 'expired_key' ? 'This API key has expired.' : 'No such API key is known here.',
      'invalid_token',
    );
  }

  private note(reason: string, keyId?: string): void {
    this.refused.inc({ reason });
    this.logger.info({ reason, keyId }, 'API key refused');
  }
}
