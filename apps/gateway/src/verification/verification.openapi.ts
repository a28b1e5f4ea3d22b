import { TEMPLATES, type Described, type JsonSchema } from '@app/common';
import { DELIVERY_STATUSES } from '../delivery/send.js';
import { SMALL_MAP_SCHEMA } from './is-small-map.js';
import { STATUSES } from './verification.js';

const text = { type: 'string' };
const time = { type: 'string', format: 'date-time' };
const count = { type: 'integer', minimum: 0 };
const optional = (schema: JsonSchema) => ({ anyOf: [schema, { type: 'null' }] });
/** An object with these members and no others; those of `more` may be absent. */
const object = (members: Record<string, JsonSchema>, more: Record<string, JsonSchema> = {}): JsonSchema => ({
  type: 'object',
  required: Object.keys(members),
  properties: { ...members, ...more },
  additionalProperties: false,
});

const id = { type: 'string', pattern: '^vrf_[0-9a-f]{34}$' };
const status = { title: 'VerificationStatus', enum: STATUSES };
const deliveryStatus = { title: 'DeliveryStatus', enum: DELIVERY_STATUSES };
const reason = {
  description: 'Whom the last refusal was about, where the verification is undeliverable.',
  enum: [...['recipient', 'region', 'request', 'account', 'provider'].map((scope) => `${scope}_rejected`), null],
};
const attempts = object({ used: count, remaining: count });
const times = { createdAt: time, expiresAt: time, endedAt: optional(time), serverTime: time };

const listed = {
  id,
  service: text,
  to: { ...text, description: 'Masked.' },
  channel: { enum: ['sms'] },
  purpose: text,
  template: { enum: TEMPLATES },
  locale: text,
  status,
  reason,
  code: object({ length: count, alphabet: { const: 'digits' } }),
  attempts,
  delivery: object({
    status: deliveryStatus,
    sends: {
      type: 'array',
      minItems: 1,
      items: object(
        { messageId: { ...text, format: 'uuid' }, status: deliveryStatus, queuedAt: time, expiresAt: time },
        { attempt: count, provider: text, updatedAt: time, nextAttemptAt: time, errorCode: text },
      ),
    },
  }),
  metadata: SMALL_MAP_SCHEMA,
  ...times,
};
const resend = object({
  remaining: count,
  availableAt: optional(time),
  availableInSeconds: { type: ['integer', 'null'], minimum: 0 },
});
const unrecognized = {
  numberUnrecognized: { const: true, description: 'No published range holds the number.' },
};

const verification = {
  title: 'Verification',
  description: 'No code, and no whole number.',
  ...object({ ...listed, resend }, unrecognized),
};
const listedVerification = {
  title: 'ListedVerification',
  description: 'Without `resend`: when the next text is possible is told of one verification at a time.',
  ...object(listed, unrecognized),
};

const EXAMPLE = {
  id: 'vrf_0401a20c72ccfc3b9433f65a91c895986b',
  service: 'default',
  to: '+86138****8000',
  channel: 'sms',
  purpose: 'sign-in',
  template: 'verification-code',
  locale: 'zh-CN',
  status: 'pending',
  reason: null,
  code: { length: 6, alphabet: 'digits' },
  attempts: { used: 0, remaining: 5 },
  resend: { remaining: 4, availableAt: '2026-11-24T07:27:19.900Z', availableInSeconds: 60 },
  delivery: {
    status: 'queued',
    sends: [
      {
        messageId: '6c4ea87d-5648-4ee9-92da-492d12f44891',
        status: 'queued',
        queuedAt: '2026-11-24T07:26:19.900Z',
        expiresAt: '2026-11-24T07:31:19.900Z',
      },
    ],
  },
  metadata: { orderId: '7' },
  createdAt: '2026-11-24T07:26:19.900Z',
  expiresAt: '2026-11-24T07:31:19.900Z',
  endedAt: null,
  serverTime: '2026-11-24T07:26:19.900Z',
};

const { resend: _resend, ...LISTED_EXAMPLE } = EXAMPLE;

const check = {
  title: 'Check',
  ...object(
    { id, valid: { type: 'boolean' }, status, reason, attempts, ...times },
    { result: { const: 'code_incorrect', description: 'Of a code that is not valid.' } },
  ),
};

const timeline = {
  title: 'Timeline',
  ...object({
    id,
    status,
    timeline: {
      type: 'array',
      items: object(
        { at: time, event: text },
        {
          ...{ messageId: text, attempt: count, provider: text, final: { type: 'boolean' }, nextAttemptAt: time },
          ...{ providerMessageId: text, errorClass: text, errorScope: text, errorCode: text },
          maybeDuplicate: { type: 'boolean' },
        },
      ),
    },
    serverTime: time,
  }),
};

const QUOTAS = [
  'destination_in_cooldown',
  'destination_quota',
  'prefix_quota',
  'ip_quota',
  'key_quota',
  'service_quota',
  'country_quota',
];
const HOW_LIMITS_STAND = {
  'RateLimit-Policy': 'draft-ietf-httpapi-ratelimit-headers: what may be asked for.',
  RateLimit: 'And what is left of it.',
};
const shown = (description: string) => ({ description, schema: verification, example: EXAMPLE });
const UNKNOWN = { 404: ['not_found'], 503: ['dependency_unavailable'] };
const ENDED = 'verification_not_pending';

const checked = {
  description: 'Right or wrong',
  schema: check,
  example: {
    id: EXAMPLE.id,
    valid: true,
    status: 'approved',
    reason: null,
    attempts: { used: 1, remaining: 4 },
    createdAt: EXAMPLE.createdAt,
    expiresAt: EXAMPLE.expiresAt,
    endedAt: '2026-11-24T07:26:20.658Z',
    serverTime: '2026-11-24T07:26:20.658Z',
  },
};

export const described = {
  start: {
    summary: 'Text a code to a number',
    answer: {
      ...shown('The text is queued; the company has not been asked yet'),
      headers: { Location: 'Of the verification.', ...HOW_LIMITS_STAND },
    },
    problems: {
      403: ['country_not_allowed'],
      422: ['invalid_phone_number', 'unsupported_number_type'],
      429: [...QUOTAS, 'too_many_pending'],
      503: ['dependency_unavailable'],
    },
  },
  list: {
    summary: "A page of the service's verifications, the newest first",
    answer: {
      description: 'May be short or empty: `cursor` asks for the next page, and null says that this was the last',
      schema: object({ verifications: { type: 'array', items: listedVerification }, cursor: optional(text) }),
      example: { verifications: [LISTED_EXAMPLE], cursor: null },
    },
    problems: { 422: ['invalid_phone_number', 'unsupported_number_type'], 503: ['dependency_unavailable'] },
  },
  find: { summary: 'Show a verification', answer: shown('As it is now'), problems: UNKNOWN },
  check: {
    summary: 'Check a code',
    answer: checked,
    problems: { ...UNKNOWN, 409: [ENDED], 429: ['check_quota'] },
  },
  resend: {
    summary: 'Text another code',
    answer: { ...shown('The text is queued'), headers: HOW_LIMITS_STAND },
    problems: { ...UNKNOWN, 403: ['country_not_allowed'], 409: [ENDED, 'no_sends_left'], 429: QUOTAS },
  },
  cancel: {
    summary: 'End a verification',
    answer: shown('It has ended: its codes stop working'),
    problems: { ...UNKNOWN, 409: [ENDED] },
  },
  timeline: {
    summary: 'Tell what happened to a verification',
    answer: {
      description: 'In order of time',
      schema: timeline,
      example: {
        id: EXAMPLE.id,
        status: 'pending',
        timeline: [{ at: EXAMPLE.createdAt, event: 'verification.created' }],
        serverTime: EXAMPLE.serverTime,
      },
    },
    problems: UNKNOWN,
  },
} satisfies Record<string, Described>;

export const describedChecks = {
  check: {
    summary: 'Check a code by the number that it was texted to',
    answer: {
      ...checked,
      description: 'Right or wrong, with the verification that was approved, or else the one texted last',
    },
    problems: { ...UNKNOWN, 422: ['invalid_phone_number', 'unsupported_number_type'], 429: ['check_quota'] },
  },
} satisfies Record<string, Described>;

export const describedNumbers = {
  erase: {
    summary: 'Forget a number',
    answer: {
      description: 'How much there was of it',
      schema: object({
        service: { ...text, description: '`*`: all services.' },
        verifications: count,
        texts: { ...count, description: 'Those that still waited for the broker.' },
      }),
      example: { service: 'shop', verifications: 2, texts: 0 },
    },
    problems: { 422: ['invalid_phone_number', 'unsupported_number_type'], 503: ['dependency_unavailable'] },
  },
} satisfies Record<string, Described>;
