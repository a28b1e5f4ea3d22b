import { BODY_LIMIT_BYTES, PROBLEM_JSON, type JsonSchema } from '@app/common';
import { STATUS_CODES } from 'node:http';
import { OPEN } from '../access/access.guard.js';
import { PROBLEM, problemsOf } from './problems.js';
import type { Route } from './routes.js';
import { membersOf, schemaOf } from './schema-of.js';

const HEADER = { schema: { type: 'string' } };

const PARAMETERS = {
  RequestId: {
    name: 'X-Request-Id',
    in: 'header',
    description: 'Comes back in the answer, and stands in our log. One that does not fit is replaced.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9._:-]{1,64}$' },
  },
  Traceparent: {
    name: 'traceparent',
    in: 'header',
    description:
      'W3C Trace Context; travels with the events that the request leads to. One that is not valid is ignored.',
    schema: { type: 'string' },
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description: 'The same for every repetition of one request, which then takes effect once. Known for 24 hours.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  },
};

/** The OpenAPI 3.1 description of an app's routes. */
export function openApiOf(routes: readonly Route[]): JsonSchema {
  const schemas: Record<string, JsonSchema> = {};
  const responses: Record<string, JsonSchema> = {};
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const route of [...routes].sort((a, b) => (a.path < b.path ? -1 : 1)))
    (paths[route.path] ??= {})[route.method] = operationOf(route, (schema) => hoist(schema, schemas));
  for (const route of routes) for (const { name, answer } of problemAnswersOf(route)) responses[name] = answer;
  hoist(PROBLEM, schemas);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Otpost',
      version: '1',
      description: `Phone verification by text message. Bodies are JSON of at most ${BODY_LIMIT_BYTES} bytes; every error is problem details (RFC 9457).`,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: 'http://localhost:3000' }],
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'An API key. Its scopes say what it may do.' },
      },
      parameters: PARAMETERS,
      responses: byName(responses),
      schemas: byName(schemas),
    },
  };
}

const byName = <T>(named: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(named).sort(([a], [b]) => (a < b ? -1 : 1)));

type Hoist = (schema: JsonSchema) => unknown;

function operationOf(route: Route, hoisted: Hoist): JsonSchema {
  const open = OPEN.test(route.path);
  const { summary, answer } = route.described;
  const content = {
    schema: hoisted(answer.schema),
    ...(answer.example !== undefined && { example: answer.example }),
  };
  return {
    operationId: `${route.controller.replace(/Controller$/, '')}.${route.name}`,
    tags: [route.path.split('/')[1] === 'v1' ? route.path.split('/')[2] : 'operations'],
    summary,
    security: open ? [] : [{ apiKey: [route.scope] }],
    parameters: parametersOf(route, hoisted),
    ...(route.body && {
      requestBody: {
        required: membersOf(route.body).some(({ optional }) => !optional),
        content: { 'application/json': { schema: hoisted(schemaOf(route.body)) } },
      },
    }),
    responses: {
      [route.status]: {
        description: answer.description,
        headers: { 'X-Request-Id': HEADER, ...described(answer.headers), ...(route.idempotent && REPLAYED) },
        content: { [answer.contentType ?? 'application/json']: content },
      },
      ...Object.fromEntries(
        problemAnswersOf(route).map(({ status, name }) => [status, { $ref: `#/components/responses/${name}` }]),
      ),
    },
  };
}

const described = (headers: Readonly<Record<string, string>> = {}) =>
  Object.fromEntries(Object.entries(headers).map(([name, description]) => [name, { description, ...HEADER }]));

const REPLAYED = described({ 'Idempotency-Replayed': '`true` where the answer was given before.' });

function parametersOf(route: Route, hoisted: Hoist): unknown[] {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const inPath = names.map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', maxLength: 100 },
  }));
  const inQuery = (route.query ? membersOf(route.query) : []).map(({ name, optional, schema }) => ({
    name,
    in: 'query',
    required: !optional,
    schema: hoisted(schema),
  }));
  const shared = ['RequestId', 'Traceparent', ...(route.idempotent ? ['IdempotencyKey'] : [])];
  return [...inPath, ...inQuery, ...shared.map((name) => ({ $ref: `#/components/parameters/${name}` }))];
}

/** Routes share most of their refusals: each combination of codes has a name, and stands once. */
const problemAnswersOf = (route: Route) =>
  [...problemsOf(route, OPEN.test(route.path))].map(([status, codes]) => ({
    status,
    name: [status, ...codes].join('.'),
    answer: problemAnswer(status, [...codes]),
  }));

const problemAnswer = (status: number, codes: readonly string[]): JsonSchema => ({
  description: `${STATUS_CODES[status]}: ${codes.map((code) => `\`${code}\``).join(', ')}`,
  headers: {
    'X-Request-Id': HEADER,
    ...([429, 503].includes(status) && { 'Retry-After': { schema: { type: 'integer', minimum: 1 } } }),
  },
  content: {
    [PROBLEM_JSON]: {
      schema: {
        allOf: [
          { $ref: '#/components/schemas/Problem' },
          { properties: { status: { const: status }, code: { enum: codes } } },
        ],
      },
    },
  },
});

/** Puts every schema that has a title among the components, and a reference in its place. */
function hoist(schema: unknown, schemas: Record<string, JsonSchema>): unknown {
  if (Array.isArray(schema)) return schema.map((item) => hoist(item, schemas));
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, hoist(value, schemas)]));
  if (typeof inner.title !== 'string') return inner;
  const { title, ...component } = inner;
  schemas[title] = component;
  return { $ref: `#/components/schemas/${title}` };
}
