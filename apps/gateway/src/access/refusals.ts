import { Problem } from '@app/common';
import { ALL_SERVICES, type Scope } from './caller.js';

/** RFC 6750 §3. `error` is empty where no key came. */
export const unauthenticated = (detail: string, error: '' | 'invalid_token') =>
  new Problem(
    { status: 401, code: 'unauthenticated', title: 'Who are you?', detail },
    { 'www-authenticate': `Bearer realm="otpost"${error && `, error="${error}"`}` },
  );

export const missingScope = (scope: Scope) =>
  forbidden(`This needs an API key with the scope ${scope}.`, { missingScope: scope }, scope);

/** `*`: a key of all services. */
export const missingService = (service: string) =>
  forbidden(
    service === ALL_SERVICES
      ? 'This needs an API key for all services.'
      : `This needs an API key of the service ${service}, or for all services.`,
    { missingService: service },
    'operate',
  );

const forbidden = (detail: string, members: object, scope: Scope) =>
  new Problem(
    { status: 403, code: 'forbidden', title: 'Not with this key', detail, ...members },
    { 'www-authenticate': `Bearer realm="otpost", error="insufficient_scope", scope="${scope}"` },
  );
