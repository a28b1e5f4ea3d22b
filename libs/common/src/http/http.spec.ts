import { Body, Controller, Get, HttpCode, Module, Param, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Type } from 'class-transformer';
import { IsOptional, IsString, ValidateNested } from 'class-validator';
import { connect } from 'node:net';
import { OperationsModule } from '../operations/operations.module.js';
import { Readiness } from '../operations/readiness.js';
import { RedisUnavailableError } from '../redis/redis.js';
import { AppLogger, createLogger } from '../telemetry/logger.js';
import { requestContext } from '../telemetry/request-context.js';
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
  constructor(private readonly logger: AppLogger) {}

  @Post()
  @HttpCode(200)
  make(@Body() request: Request) {
    return request;
  }
  @Get(':id')
  async find(@Param('id') id: string) {
    if (id === 'limited')
      throw new Problem(
        { status: 429, code: 'too_many', title: 'Too many', detail: 'Wait.', retryAfter: 7, more: 'x' },
        { ratelimit: '"a";r=0;t=7' },
      );
    if (id === 'redis') throw new RedisUnavailableError('Redis: Connection is closed at 10.0.0.7');
    if (id === 'broken') throw new TypeError('the secret is hunter2');
    await new Promise(setImmediate);
    this.logger.info({ id }, 'looked up');
    return { id, traceparent: requestContext.getStore()?.traceparent };
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
  app = await NestFactory.create<NestFastifyApplication>(module, createHttpAdapter(logger), {
    logger,
    bodyParser: false,
  });
  useProblemDetails(app);
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
  app.get(Readiness).add('oven', () => 'cold');
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

describe('S18: every error is problem details', () => {
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
    ['a limit', 429, 'too_many', () => ask('GET', '/things/limited')],
    ['a part in trouble', 503, 'not_ready', () => ask('GET', '/readyz')],
    ['half a character in a text', 400, 'invalid_request', () => ask('POST', '/things', '{"text": "x\\ud800"}')],
    ['half a character in a name', 400, 'invalid_request', () => ask('POST', '/things', '{"\\udc00": 1}')],
    ['a bomb of brackets', 400, 'invalid_request', () => ask('POST', '/things', '['.repeat(16_000))],
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
      requestId: answer.headers['x-request-id'],
    });
    expect(answer.headers['retry-after'] !== undefined).toBe([429, 503].includes(status));
    expect(answer.text).not.toMatch(/stack|node_modules|\.ts:|hunter2|10\.0\.0\.7/);
  });

  const post = (headers: string, body: string) =>
    `POST /things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${headers}\r\n\r\n${body}`;
  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', 400, 'invalid_request'],
    ['no host', 'GET /things/1 HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'invalid_request'],
    ['a chunk of no length', post('Transfer-Encoding: chunked', 'zz\r\n{}'), 400, 'invalid_request'],
    ['two lengths', post('Content-Length: 2\r\nContent-Length: 3', '{}'), 400, 'invalid_request'],
    [
      'an extension of a chunk',
      post('Transfer-Encoding: chunked', `2;${'x'.repeat(20_000)}\r\n{}`),
      413,
      'body_too_large',
    ],
    ['headers without end', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
  ])('%s', async (_what, bytes, status, code) => expectProblem(await raw(bytes), status, code));

  it('what does not arrive within 10 s, or not at all', async () => {
    const slow = ['GET / HTTP/1.1\r\nHost: a\r\n', post('Content-Length: 100', '{"text"'), ''];
    for (const answer of await Promise.all(slow.map(raw))) expectProblem(answer, 408, 'request_timeout');
  });

  function expectProblem(answer: string, status: number, code: string) {
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toMatch(/content-type: application\/problem\+json/i);
    expect(JSON.parse(body)).toMatchObject({
      type: `urn:otpost:problem:${code}`,
      title: expect.any(String),
      status,
      detail: expect.any(String),
      instance: expect.any(String),
      code,
      requestId: /x-request-id: (\S+)/i.exec(head)?.[1],
    });
  }

  it('an expectation that nobody has heard of is none', async () => {
    expect(await raw('GET /things/1 HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1.1 200 /,
    );
  });

  it.each([
    ['/things/+8613800138000', '/things/****'],
    ['/8613800138000/checks/4711908263', '/****/checks/****'],
    ['/things/%2B86%20138%200013%208000', '/things/****'],
    ['/v9/vrf_0401a20c72ccfc3b9433f65a91c895986b', '/v9/vrf_0401a20c72ccfc3b9433f65a91c895986b'],
    ['/v9/f4711908-2634-4ee9-92da-492d12f44891/x1', '/v9/f4711908-2634-4ee9-92da-492d12f44891/x1'],
  ])('%s is shown as %s', async (path, instance) => {
    expect(json(await ask('DELETE', path))).toMatchObject({ instance });
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

  it('is in every line that is logged for the request, and in no other', async () => {
    await Promise.all(
      ['r-1', 'r-2', 'r-3'].map((id) => ask('GET', `/things/${id}`, undefined, { 'x-request-id': id })),
    );
    const looked = lines
      .map((line) => JSON.parse(line) as Record<string, string>)
      .filter(({ id }) => id?.startsWith('r-'));
    expect(looked.map(({ id, requestId }) => [id, requestId]).sort()).toEqual([
      ['r-1', 'r-1'],
      ['r-2', 'r-2'],
      ['r-3', 'r-3'],
    ]);
    expect(lines.find((line) => line.includes('Mapped {'))).not.toContain('requestId');
  });
});

describe('traceparent (W3C Trace Context)', () => {
  const [TRACE, SPAN] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
  it.each([
    [`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`],
    [`00-${TRACE}-${SPAN}-00`, `00-${TRACE}-${SPAN}-00`],
    [`cc-${TRACE}-${SPAN}-01-what-the-future-brings`, `00-${TRACE}-${SPAN}-01`],
    [`00-${TRACE}-${SPAN}-01-more`, undefined],
    [`ff-${TRACE}-${SPAN}-01`, undefined],
    [`00-${TRACE.toUpperCase()}-${SPAN}-01`, undefined],
    [`00-${'0'.repeat(32)}-${SPAN}-01`, undefined],
    [`00-${TRACE}-${'0'.repeat(16)}-01`, undefined],
    [`00-${TRACE}-${SPAN}`, undefined],
    [`cc-${TRACE}-${SPAN}-01-${'x'.repeat(300)}`, undefined],
    ['', undefined],
  ])('%s → %s', async (traceparent, passed) => {
    expect(json(await ask('GET', '/things/1', undefined, { traceparent })).traceparent).toBe(passed);
  });
});

it('never tells anybody to come back too early, or in 0 seconds', () => {
  const now = new Date(1000);
  expect([1000, 500, 1001, 2000, 2001, 43_000].map((moment) => secondsUntil(moment, now))).toEqual([1, 1, 1, 1, 2, 42]);
});
