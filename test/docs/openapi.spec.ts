import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { createHash } from 'node:crypto';
import { OpenApiController } from '../../apps/gateway/src/openapi/openapi.controller.js';
import { newNumber, testGateway } from '../gateway/test-gateway.js';

const FILE = 'docs/openapi.json';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const API_KEYS = [
  `shop:verify:${sha256('shop')}`,
  `ops:operate:${sha256('ops')}:*`,
  `own:operate:${sha256('own')}`,
].join();

interface Response {
  readonly content: Readonly<Record<string, object>>;
}
interface Operation {
  readonly responses: Readonly<Record<string, Response | { readonly $ref: string }>>;
}
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly responses: Readonly<Record<string, Response>> };
}
type Gateway = Awaited<ReturnType<typeof testGateway>>;

describe('docs/openapi.json', () => {
  let gateway: Gateway;
  let document: OpenApi;
  let ajv: Ajv2020;
  beforeAll(async () => {
    gateway = await testGateway({ API_KEYS, DEFAULT_REGION: 'CN' });
    document = gateway.app.get(OpenApiController, { strict: false }).describe() as unknown as OpenApi;
    ajv = new Ajv2020({
      allErrors: true,
      strict: false,
      formats: {
        uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
        'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
        uri: /^[a-z][a-z0-9+.-]*:\S+$/,
        ipv4: true,
        ipv6: true,
      },
    }).addSchema(document, FILE);
  });
  afterAll(() => gateway.close());

  /** `UPDATE_DOCS=1 npm run jest -- test/docs` writes what the test compares. */
  it('is what the code says', () => {
    const wanted = `${JSON.stringify(document, null, 2)}\n`;
    if (process.env.UPDATE_DOCS) writeFileSync(FILE, wanted);
    expect(existsSync(FILE) ? readFileSync(FILE, 'utf8') : '').toBe(wanted);
  });

  it('is served to whoever asks', async () => {
    const { status, headers, text } = await gateway.get('/openapi.json');
    expect([status, headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(document)));
  });

  const pointer = (parts: readonly string[]) =>
    `#/${parts.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;

  /** An answer as the document has it, with where it stands. */
  function answerTo(
    method: string,
    path: string,
    status: number,
  ): { content: Response['content']; at: string[] } | undefined {
    const answer = document.paths[path]?.[method]?.responses[status];
    if (!answer) return undefined;
    if (!('$ref' in answer))
      return { content: answer.content, at: ['paths', path, method, 'responses', String(status)] };
    const name = answer.$ref.split('/').at(-1)!;
    return { content: document.components.responses[name]!.content, at: ['components', 'responses', name] };
  }

  /** What the document has against one answer. */
  function complaints(method: string, path: string, status: number, type: string, body: unknown): string[] {
    const template = Object.keys(document.paths).find((each) =>
      new RegExp(`^${each.replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
    );
    const where = `${method} ${template} ${status} ${type}`;
    const answer = answerTo(method.toLowerCase(), template ?? '', status);
    if (!answer?.content[type]) return [`${where} is not in it`];
    const validate = ajv.compile({ $ref: FILE + pointer([...answer.at, 'content', type, 'schema']) });
    void validate(body);
    return (validate.errors ?? []).map(({ instancePath, message, params }) =>
      [where, instancePath, message, JSON.stringify(params)].join(' '),
    );
  }

  it('gives examples that fit', () => {
    const wrong = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { responses }]) =>
        Object.keys(responses).flatMap((status) =>
          Object.entries(answerTo(method, path, Number(status))!.content).flatMap(([type, media]) =>
            'example' in media ? complaints(method, path, Number(status), type, media.example) : [],
          ),
        ),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it('is true of real answers', async () => {
    const seen: string[] = [];
    const ask = async (method: string, url: string, body?: unknown, more: Record<string, string> = {}) => {
      const answer = await gateway.request(method, url, body, { authorization: 'Bearer shop', ...more });
      const type = answer.headers['content-type']!.split(';')[0]!;
      const path = url.split('?')[0]!;
      expect(complaints(method, path, answer.status, type, type === 'text/plain' ? answer.text : answer.body)).toEqual(
        [],
      );
      expect(answer.headers['x-request-id']).toBeDefined();
      seen.push(`${method} ${answer.status}`);
      return answer;
    };
    const START = '/v1/verifications';
    const to = newNumber();
    const key = { 'idempotency-key': 'k-1' };
    const { body } = await ask('POST', START, { to, metadata: { a: 'b' } }, key);
    await ask('POST', START, { to, metadata: { a: 'b' } }, key); // again
    await ask('POST', START, { to }, key); // reused
    await ask('POST', START, { to }); // cooldown
    await ask('POST', START, { to: 5, more: 1 });
    await ask('POST', START, { to: '+86123' });
    await ask('POST', START, { to: '+861065529988' });
    await ask('POST', START, '{');
    await ask('POST', START, 'x'.repeat(20_000));
    await ask('POST', START, 'a=b', { 'content-type': 'text/plain' });
    await ask('POST', START, { to }, { authorization: 'Bearer nobody' });
    await ask('POST', START, { to }, { authorization: 'Bearer ops' });
    await ask('POST', START, { to }, { 'idempotency-key': '""' });
    await ask('POST', START, { to: `+86160${newNumber().slice(6)}` }); // a range that nobody knows
    const one = `${START}/${body.id}`;
    await ask('GET', one);
    await ask('GET', `${one}/timeline`);
    await ask('GET', `${START}?limit=1`);
    await ask('GET', `${START}?to=${encodeURIComponent(to)}&status=pending&createdAfter=2026-01-01T00:00:00Z`);
    await ask('GET', `${START}?to=12`);
    await ask('GET', `${START}?limit=0`);
    await ask('GET', `${START}/vrf_${'0'.repeat(34)}`);
    await ask('GET', `${START}/${'x'.repeat(101)}`);
    await ask('POST', `${one}/checks`, { code: 'abc' });
    const code = await gateway.codeOf(body, to);
    await ask('POST', `${one}/checks`, { code: code === '000000' ? '000001' : '000000' });
    await ask('POST', `${one}/resends`, {});
    await ask('POST', `${one}/checks`, { code });
    await ask('POST', `${one}/checks`, { code });
    await ask('POST', `${one}/resends`);
    await ask('POST', `${one}/cancel`);
    const other = await ask('POST', START, { to: newNumber() });
    await ask('POST', `${START}/${other.body.id}/cancel`);
    const third = newNumber();
    const { body: pending } = await ask('POST', START, { to: third });
    await ask('POST', '/v1/checks', { to: third, code: 'abc' });
    await ask('POST', '/v1/checks', { to: '+86123', code: '123456' });
    await ask('POST', '/v1/checks', { to: newNumber(), code: '123456' });
    await ask('POST', '/v1/checks', { to: third, code: await gateway.codeOf(pending, third) });
    const ops = { authorization: 'Bearer ops' };
    await ask('GET', '/v1/dead-letters?limit=1', undefined, ops);
    await ask('GET', '/v1/dead-letters?limit=0', undefined, ops);
    await ask('GET', '/v1/dead-letters?queue=no.such', undefined, ops);
    await ask('GET', '/v1/dead-letters/none', undefined, ops);
    await ask('POST', '/v1/dead-letters/replay', { dryRun: true }, ops);
    await ask('POST', '/v1/dead-letters/discard', { dryRun: true }, ops);
    await ask('GET', '/v1/parked', undefined, ops);
    await ask('GET', '/v1/parked', undefined, { authorization: 'Bearer own' });
    await ask('POST', '/v1/companies/ccp/pause', { reason: 'maintenance', forSeconds: 60 }, ops);
    await ask('GET', '/v1/companies', undefined, ops);
    await ask('POST', '/v1/companies/ccp/resume', {}, ops);
    await ask('POST', '/v1/companies/ccp/pause', {}, ops);
    await ask('POST', '/v1/companies/nobody/pause', { reason: 'x' }, ops);
    await ask('POST', '/v1/companies/ccp/resume', {}, { authorization: 'Bearer own' });
    await ask('POST', '/v1/numbers/erase', { to: third }, ops);
    await ask('POST', '/v1/numbers/erase', { to: '12' }, ops);
    await ask('POST', '/v1/numbers/erase', { to: third });
    await ask('GET', '/livez');
    await ask('GET', '/readyz');
    await ask('GET', '/metrics');
    await ask('GET', '/openapi.json');
    for (const outcome of [
      'GET 200',
      'POST 202',
      'POST 400',
      'POST 401',
      'POST 403',
      'GET 404',
      'POST 409',
      'POST 413',
    ])
      expect(seen).toContain(outcome);
    for (const outcome of ['GET 414', 'POST 415', 'POST 422', 'POST 429']) expect(seen).toContain(outcome);
  });

  it('a member that it does not know does not fit', async () => {
    const { body } = await gateway.request(
      'POST',
      '/v1/verifications',
      { to: newNumber() },
      { authorization: 'Bearer shop' },
    );
    expect(complaints('POST', '/v1/verifications', 202, 'application/json', { ...body, more: 1 })).toHaveLength(1);
  });
});
