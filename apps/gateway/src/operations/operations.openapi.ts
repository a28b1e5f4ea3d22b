import type { Described, JsonSchema } from '@app/common';

const text = { type: 'string' };
const count = { type: 'integer', minimum: 0 };
const lookedAt = {
  ...count,
  description: 'Less than `waiting` where the queue is longer than one look: 10 000 messages or 64 MiB.',
};
const textOrNull = { type: ['string', 'null'] };
const timeOrNull = { anyOf: [{ type: 'string', format: 'date-time' }, { type: 'null' }] };
const object = (properties: Record<string, JsonSchema>): JsonSchema => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
  additionalProperties: false,
});

const letter = {
  messageId: text,
  event: textOrNull,
  to: { ...textOrNull, description: 'Masked.' },
  reason: text,
  class: textOrNull,
  provider: textOrNull,
  attempt: count,
  firstPublishedAt: { ...text, format: 'date-time' },
  ageSeconds: count,
  verificationId: textOrNull,
  expiresAt: timeOrNull,
  replayCount: count,
  replayedAt: timeOrNull,
};
const EXAMPLE = {
  messageId: '6c4ea87d-5648-4ee9-92da-492d12f44891',
  event: 'sms.send',
  to: '+86138****8000',
  reason: 'ccp 160053',
  class: 'PERMANENT',
  provider: 'ccp',
  attempt: 4,
  firstPublishedAt: '2026-11-24T07:26:19.000Z',
  ageSeconds: 3600,
  verificationId: 'vrf_0401a20c72ccfc3b9433f65a91c895986b',
  expiresAt: '2026-11-24T07:31:19.900Z',
  replayCount: 0,
  replayedAt: null,
};

const batch = (did: string, more: Record<string, JsonSchema> = {}, exampleOfMore: object = {}) => ({
  schema: object({
    queue: text,
    dryRun: { type: 'boolean' },
    [did]: { ...count, description: 'With `dryRun`: how many would be.' },
    ...more,
    waiting: count,
    matching: count,
    skipped: { type: 'object', additionalProperties: count },
    remaining: count,
    stopped: textOrNull,
    startedAt: { ...text, format: 'date-time' },
  }),
  example: {
    queue: 'sms-worker.sms.send',
    dryRun: false,
    [did]: 3,
    ...exampleOfMore,
    waiting: 5,
    matching: 3,
    skipped: {},
    remaining: 0,
    stopped: null,
    startedAt: '2026-11-24T08:26:19.900Z',
  },
});

const LOOKED_FOR = { 404: ['not_found'], 422: ['invalid_phone_number'], 503: ['dependency_unavailable'] };

export const describedDeadLetters = {
  list: {
    summary: 'A page of dead letters, the oldest first',
    answer: {
      description: '`cursor` asks for the next page; null: this was the last',
      schema: object({
        queue: text,
        waiting: count,
        lookedAt,
        matching: count,
        deadLetters: { type: 'array', items: { title: 'DeadLetter', ...object(letter) } },
        cursor: textOrNull,
      }),
      example: {
        queue: 'sms-worker.sms.send',
        waiting: 1,
        lookedAt: 1,
        matching: 1,
        deadLetters: [EXAMPLE],
        cursor: null,
      },
    },
    problems: LOOKED_FOR,
  },
  show: {
    summary: 'One dead letter',
    answer: {
      description: 'As it lies in its queue',
      schema: object({ queue: text, ...letter }),
      example: { queue: 'sms-worker.sms.send', ...EXAMPLE },
    },
    problems: LOOKED_FOR,
  },
  replay: {
    summary: 'Publish a batch of dead letters again',
    answer: {
      description: 'What became of the batch',
      ...batch(
        'replayed',
        {
          twins: { ...count, description: 'Further copies of what was replayed: same id, event and content. Dropped.' },
        },
        { twins: 0 },
      ),
    },
    problems: LOOKED_FOR,
  },
  discard: {
    summary: 'Throw a batch of dead letters away',
    answer: { description: 'What became of the batch', ...batch('discarded') },
    problems: LOOKED_FOR,
  },
} satisfies Record<string, Described>;

export const describedParked = {
  list: {
    summary: 'What could not be read',
    answer: {
      description: 'Reason and head of each, without digits',
      schema: object({
        consumer: text,
        waiting: count,
        lookedAt,
        parked: {
          type: 'array',
          items: object({
            messageId: textOrNull,
            reason: text,
            queue: textOrNull,
            firstPublishedAt: timeOrNull,
            bytes: count,
            head: text,
          }),
        },
      }),
      example: {
        consumer: 'sms-worker',
        waiting: 1,
        lookedAt: 1,
        parked: [
          {
            messageId: null,
            reason: 'not-json',
            queue: 'sms-worker.sms.send',
            firstPublishedAt: null,
            bytes: 5,
            head: 'hello',
          },
        ],
      },
    },
    problems: { 404: ['not_found'], 503: ['dependency_unavailable'] },
  },
} satisfies Record<string, Described>;
