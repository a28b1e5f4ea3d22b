import type { Described, JsonSchema } from '@app/common';

const text = { type: 'string' };
const count = { type: 'integer', minimum: 0 };
const timeOrNull = { anyOf: [{ type: 'string', format: 'date-time' }, { type: 'null' }] };
const object = (properties: Record<string, JsonSchema>, more: JsonSchema = {}): JsonSchema => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
  additionalProperties: false,
  ...more,
});

const company = {
  title: 'Company',
  ...object({
    name: text,
    paused: { type: 'boolean' },
    pause: {
      anyOf: [
        object({ reason: text, until: { ...timeOrNull, description: 'null: until somebody resumes.' } }),
        { type: 'null' },
      ],
    },
    changedAt: { ...timeOrNull, description: 'When it was last paused or resumed.' },
    changedBy: { type: ['string', 'null'], description: 'The id of a key.' },
    workers: object(
      { closed: count, halfOpen: count, open: count },
      {
        description:
          'Running workers that have it on a route, by their breaker: closed asks it, open does not, half-open tries it with one text. None of any: no text goes to it.',
      },
    ),
  }),
};
const EXAMPLE = {
  name: 'ccp',
  paused: true,
  pause: { reason: 'Their maintenance, ticket 4711', until: '2026-11-24T08:26:19.900Z' },
  changedAt: '2026-11-24T07:26:19.900Z',
  changedBy: 'ops',
  workers: { closed: 3, halfOpen: 0, open: 1 },
};
const CHANGES = { 404: ['not_found'], 503: ['dependency_unavailable'] };

export const describedCompanies = {
  list: {
    summary: 'The companies, whether they are paused, and how the workers see them',
    answer: {
      description: 'Those that a running worker has on a route, or that somebody has paused or resumed',
      schema: object({ companies: { type: 'array', items: company } }),
      example: { companies: [EXAMPLE] },
    },
    problems: { 503: ['dependency_unavailable'] },
  },
  pause: {
    summary: 'Take a company off every route',
    answer: { description: 'Every worker knows it within 2 s', schema: company, example: EXAMPLE },
    problems: CHANGES,
  },
  resume: {
    summary: 'Put a company back on its routes',
    answer: {
      description: 'Every worker knows it within 2 s; the same where it was not paused',
      schema: company,
      example: { ...EXAMPLE, paused: false, pause: null },
    },
    problems: CHANGES,
  },
} satisfies Record<string, Described>;
