import { Body, Controller, Get, HttpCode, Module, Param, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Type } from 'class-transformer';
import { IsOptional, IsString, ValidateNested } from 'class-validator';
import { connect } from 'node:net';
import { OperationsModule } from '../operations/operations.module.js';
import { RedisUnavailableError } from '../redis/redis.js';
import { createLogger } from '../telemetry/logger.js';
import { BODY_LIMIT_BYTES, createHttpAdapter } from './create-http-adapter.js';
import { Problem, secondsUntil } from './problem.js';
import { useProblemDetails } from './use-problem-details.js';

class Inner {
  @IsString()
  name!: string;
}
class Request {
  @IsString()
  text!: string;

  @IsOptional()
  @ValidateNested()
  @Type(() => Inner)
  inner?: Inner;
}

@Controller('things')
class Things {
  @Post()
  @HttpCode(200)
  make(@Body() request: Request) {
    return request;
  }
  @Get(':id')
  find(@Param('id') id: string) {
    if (id === 'limited')
      throw new Problem(
        { status: 429, code: 'too_many', title: 'Too many', detail: 'Wait.', retryAfter: 7, more: 'x' },
        { ratelimit: '"a";r=0;t=7' },
      );
    if (id === 'redis') throw new RedisUnavailableError('Redis: Connection is closed at 10.0.0.7');
    if (id === 'broken') throw new TypeError('the secret is hunter2');
    return { id };
  }
}

@Module({ controllers: [Things] })
class ThingsModule {}

const lines: string[] = [];
let app: NestFastifyApplication;
let url: string;

beforeAll(async () => {
  const logger = createLogger('test', 'debug', { write: (line) => void lines.push(line) });
  const module = { module: ThingsModule, imports: [OperationsModule.with(logger)] };
  app = await NestFactory.create<NestFastifyApplication>(module, createHttpAdapter(), { logger, bodyParser: false });
  useProblemDetails(app);
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});
afterAll(() => app.close());

async function ask(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
  const init = { method, headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers } };
  const response = await fetch(`${url}${path}`, { ...init, ...(body !== undefined && { body }) });
  const text = await response.text();
  return { status: response.status, headers: Object.fromEntries(response.headers), text };
}
const json = ({ text }: { text: string }) => JSON.parse(text) as Record<string, unknown>;

/** What comes back for bytes that fetch would never send. */
const raw = (bytes: string) =>
  new Promise<string>((resolve, reject) => {
    let text = '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk) => (text += String(chunk)));
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });

describe('every error is problem details', () => {
  it.each([
    ['broken JSON', 400, 'invalid_request', () => ask('POST', '/things', '{"text": "ab')],
    [
      'a body that is too large',
      413,
      'body_too_large',
      () => ask('POST', '/things', JSON.stringify({ text: 'x'.repeat(BODY_LIMIT_BYTES) })),
    ],
    [
      'a form',
      415,
      'unsupported_media_type',
      () => ask('POST', '/things', 'text=a', { 'content-type': 'application/x-www-form-urlencoded' }),
    ],
    ['plain text', 415, 'unsupported_media_type', () => ask('POST', '/things', 'a', { 'content-type': 'text/plain' })],
    ['an unknown address', 404, 'not_found', () => ask('GET', '/nothing?number=+8613800138000')],
    ['an unknown method', 405, 'method_not_allowed', () => ask('DELETE', '/things/1')],
    ['a broken path', 400, 'invalid_request', () => ask('GET', '/things/%ZZ')],
    ['a path that is too long', 414, 'path_too_long', () => ask('GET', `/things/${'x'.repeat(500)}`)],
    ['an invalid body', 422, 'invalid_request', () => ask('POST', '/things', '{}')],
    ['what nobody foresaw', 500, 'internal_error', () => ask('GET', '/things/broken')],
    ['Redis away', 503, 'dependency_unavailable', () => ask('GET', '/things/redis')],
  ])('%s: %i %s', async (_what, status, code, request) => {
    const answer = await request();
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(json(answer)).toMatchObject({
      type: expect.stringMatching(/^(urn|https):/),
      title: expect.any(String),
      status,
      detail: expect.any(String),
      instance: expect.stringMatching(/^\/[^?]*$/),
      code,
    });
    expect(answer.headers['x-request-id']).toBeDefined();
    expect(answer.headers['retry-after'] !== undefined).toBe([429, 503].includes(status));
    expect(answer.text).not.toMatch(/stack|node_modules|\.ts:|hunter2|10\.0\.0\.7/);
  });

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', 400],
    ['headers without end', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ])('%s', async (_what, bytes, status) => {
    const answer = await raw(bytes);
    expect(answer).toMatch(
      new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*application/problem\\+json[\\s\\S]*"status":${status}`),
    );
  });

  it('says which methods an address knows', async () => {
    expect((await ask('DELETE', '/things/1')).headers.allow).toBe('GET, HEAD');
    expect((await ask('PUT', '/things')).headers.allow).toBe('POST');
  });

  it('sends headers and further members of a problem', async () => {
    const answer = await ask('GET', '/things/limited');
    expect(answer.headers).toMatchObject({ 'retry-after': '7', ratelimit: '"a";r=0;t=7' });
    expect(json(answer)).toMatchObject({ retryAfter: 7, more: 'x', instance: '/things/limited' });
  });

  it('logs what nobody foresaw, with the id that the caller got', async () => {
    const { headers, text } = await ask('GET', '/things/broken');
    expect(json({ text })).toMatchObject({ requestId: headers['x-request-id'] });
    const line = lines.find((each) => each.includes(headers['x-request-id'] ?? '-'));
    expect(JSON.parse(line ?? '{}')).toMatchObject({ level: 50, path: '/things/broken', err: { type: 'TypeError' } });
  });
});

describe('a body', () => {
  it.each([
    ['{"text":"a","extra":1}', [{ pointer: '/extra', detail: 'is not known here' }]],
    ['{"text":1}', [{ pointer: '/text', detail: 'text must be a string' }]],
    ['{"text":"a","inner":{"name":1,"a/b":2}}', [{ pointer: '/inner/a~1b' }, { pointer: '/inner/name' }]],
    ['', [{ pointer: '/text' }]],
    ['null', [{ pointer: '/text' }]],
  ])('%s is refused with pointers to what is wrong', async (body, errors) => {
    const answer = await ask('POST', '/things', body);
    expect(answer.status).toBe(422);
    expect(json(answer)).toMatchObject({ errors });
  });

  it.each(['[]', '[{"text":"a"}]', '5', '"text"', 'true'])('%s is no object: 422', async (body) => {
    expect((await ask('POST', '/things', body)).status).toBe(422);
  });

  it('that fits comes in as its class', async () => {
    expect(
      json(await ask('POST', '/things', '{"text":"a"}', { 'content-type': 'application/json; charset=utf-8' })),
    ).toEqual({ text: 'a' });
  });

  it('cannot reach a prototype', async () => {
    await ask(
      'POST',
      '/things',
      '{"text":"a","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    );
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe('the request id', () => {
  it('is taken from the caller where it is harmless, else made', async () => {
    const idFor = async (given: string) =>
      (await ask('GET', '/things/1', undefined, { 'x-request-id': given })).headers['x-request-id'];
    expect(await idFor('order-77.a:b_c')).toBe('order-77.a:b_c');
    expect(await idFor('a b<script>')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await idFor('x'.repeat(65))).toMatch(/^[0-9a-f-]{36}$/);
  });
});

it('never tells anybody to come back too early, or in 0 seconds', () => {
  const now = new Date(1000);
  expect([1000, 500, 1001, 2000, 2001, 43_000].map((moment) => secondsUntil(moment, now))).toEqual([1, 1, 1, 1, 2, 42]);
});
