import type { Described, JsonSchema } from '@app/common';
import { SCOPES } from './caller.js';

const text = { type: 'string' };
const texts = { type: 'array', items: text };
const timeOrNull = { anyOf: [{ type: 'string', format: 'date-time' }, { type: 'null' }] };

const names = {
  id: text,
  service: { ...text, description: '`*`: all services.' },
  scopes: { type: 'array', items: { enum: SCOPES } },
};
const stored = {
  ...names,
  source: { const: 'stored' },
  description: { type: ['string', 'null'] },
  cidrs: texts,
  createdAt: timeOrNull,
  createdBy: { ...text, description: 'The id of a key.' },
  rotatedAt: timeOrNull,
  overlapEndsAt: timeOrNull,
  expiresAt: timeOrNull,
  lastUsedAt: timeOrNull,
};
const object = (properties: Record<string, JsonSchema>): JsonSchema => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
  additionalProperties: false,
});
const storedKey = { title: 'ApiKey', ...object(stored) };
const configuredKey = { title: 'ConfiguredApiKey', ...object({ ...names, source: { const: 'configured' } }) };
const withSecret = {
  title: 'ApiKeyWithSecret',
  ...object({ ...stored, key: { ...text, description: 'The secret. No other answer shows it.' } }),
};

const EXAMPLE = {
  id: 'shop-backend',
  source: 'stored',
  service: 'shop',
  scopes: ['verify'],
  description: null,
  cidrs: ['10.0.0.0/8'],
  createdAt: '2026-11-24T07:26:19.900Z',
  createdBy: 'ops',
  rotatedAt: null,
  overlapEndsAt: null,
  expiresAt: null,
  lastUsedAt: null,
};
const SHOWN_ONCE = { ...EXAMPLE, key: 'otp_shop-backend_…' };

const STORE = { 503: ['dependency_unavailable'] };
const ONE = { ...STORE, 404: ['not_found'] };

export const describedApiKeys = {
  create: {
    summary: 'Make an API key',
    answer: {
      description: 'With its secret, which is shown this once',
      schema: withSecret,
      example: SHOWN_ONCE,
      headers: { Location: 'Of the key.' },
    },
    problems: { ...STORE, 409: ['key_exists', 'too_many_keys'] },
  },
  list: {
    summary: 'All keys that the caller may operate on',
    answer: {
      description: 'Those of API_KEYS first',
      schema: object({ apiKeys: { type: 'array', items: { anyOf: [storedKey, configuredKey] } } }),
      example: { apiKeys: [EXAMPLE] },
    },
    problems: STORE,
  },
  show: {
    summary: 'One API key',
    answer: {
      description: 'Without its secret',
      schema: { anyOf: [storedKey, configuredKey] },
      example: EXAMPLE,
    },
    problems: ONE,
  },
  rotate: {
    summary: 'Give an API key a new secret',
    answer: {
      description: 'With its new secret, which is shown this once',
      schema: withSecret,
      example: SHOWN_ONCE,
    },
    problems: { ...ONE, 409: ['key_is_configured', 'key_changed'] },
  },
  revoke: {
    summary: 'End an API key',
    answer: {
      description: 'Every gateway refuses it within 5 s',
      schema: object({ id: text, revoked: { const: true } }),
      example: { id: EXAMPLE.id, revoked: true },
    },
    problems: { ...ONE, 409: ['key_is_configured'] },
  },
} satisfies Record<string, Described>;
