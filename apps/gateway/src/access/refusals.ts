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

/** The key is bound to networks. */
export const wrongAddress = () =>
  new Problem({
    status: 403,
    code: 'address_not_allowed',
    title: 'Not from this address',
    detail: 'This API key may not be used from this address.',
  });

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

export const noSuchKey = () =>
  new Problem({
    status: 404,
    code: 'not_found',
    title: 'Not found',
    detail: 'There is no such API key, or it is of another service.',
  });

export const keyExists = () =>
  conflict('key_exists', 'Key exists', 'There is an API key with this id already. Rotate it, or choose another id.');

export const isConfigured = () =>
  conflict('key_is_configured', 'Key is configured', 'This key is an entry of API_KEYS: change it there.');

export const tooManyKeys = () =>
  conflict('too_many_keys', 'Too many keys', 'No more API keys are kept. Revoke those that nobody uses.');

/** Two at once: the secret of the other one was handed out, and is not thrown away unseen. */
export const keyChangedMeanwhile = () =>
  conflict(
    'key_changed',
    'Key was changed',
    'The key was rotated or revoked at this very moment. Look, and try again.',
  );

const conflict = (code: string, title: string, detail: string) => new Problem({ status: 409, code, title, detail });
