import type { JsonSchema } from '@app/common';
import type { Route } from './routes.js';

const text = { type: 'string' };

/** RFC 9457, with our members; a code may bring more. */
export const PROBLEM: JsonSchema = {
  title: 'Problem',
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'requestId'],
  properties: {
    type: { ...text, format: 'uri' },
    title: text,
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: text,
    instance: { ...text, description: 'The path that was asked for; empty where the request could not be read.' },
    code: { ...text, description: 'What happened: compare this.' },
    requestId: { ...text, description: 'The same as the header X-Request-Id.' },
    retryAfter: { type: 'integer', minimum: 1, description: 'Seconds; the same as the header Retry-After.' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: { pointer: { ...text, description: 'JSON pointer (RFC 6901).' }, detail: text },
      },
    },
  },
};

/** The codes of a route's problems by status: what it says itself, and what any route like it may have. */
export function problemsOf(route: Route, open: boolean): Map<number, Set<string>> {
  const codes = new Map<number, Set<string>>();
  const add = (status: number, ...more: readonly string[]) =>
    codes.set(status, new Set([...(codes.get(status) ?? []), ...more]));
  add(400, 'invalid_request');
  add(408, 'request_timeout');
  add(431, 'headers_too_large');
  add(500, 'internal_error');
  if (!open) add(401, 'unauthenticated');
  if (!open) add(403, 'forbidden', 'address_not_allowed', 'unknown_service');
  if (route.path.includes('{')) add(414, 'path_too_long');
  if (route.query) add(422, 'invalid_request');
  if (route.method !== 'get') {
    add(413, 'body_too_large');
    add(415, 'unsupported_media_type');
  }
  if (route.body) add(422, 'invalid_request');
  if (route.idempotent) {
    add(400, 'idempotency_key_missing', 'idempotency_key_invalid');
    add(409, 'idempotency_key_in_progress');
    add(422, 'idempotency_key_reused');
  }
  for (const [status, own] of Object.entries(route.described.problems ?? {})) add(Number(status), ...own);
  return new Map([...codes].sort(([a], [b]) => a - b));
}
