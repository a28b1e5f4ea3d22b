import fc from 'fast-check';

interface Schema {
  readonly $ref?: string;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
}
interface Operation {
  readonly parameters?: readonly { readonly name?: string; readonly in?: string }[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
}
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** One route as a fuzzer sees it. */
interface Target {
  readonly method: string;
  readonly path: string;
  readonly query: readonly string[];
  readonly members: readonly string[];
}

/** Every operation of the document, with the names of what it takes. */
export const targetsIn = ({ paths, components }: OpenApi): Target[] => {
  const membersOf = (schema: Schema | undefined): string[] => {
    const { $ref, anyOf, properties } = schema ?? {};
    if ($ref) return membersOf(components.schemas[$ref.split('/').at(-1)!]);
    if (anyOf) return anyOf.flatMap(membersOf);
    return Object.entries(properties ?? {}).flatMap(([name, member]) => [name, ...membersOf(member)]);
  };
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { parameters = [], requestBody }]) => ({
      method: method.toUpperCase(),
      path,
      query: parameters.filter((parameter) => parameter.in === 'query').map(({ name = '' }) => name),
      members: membersOf(requestBody?.content['application/json'].schema),
    })),
  );
};

const NASTY = [
  ...['', ' ', '\0', '\u0000abc', '\ud800', '\udfff\ud800', '\u202e', '\ufeff', '💥'.repeat(50), '%00', '%ZZ', '../..'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', 'toJSON', 'length', '$where'],
  ...['{{7*7}}', "' OR 1=1 --", '<script>', '\r\nX-Evil: 1', 'null', 'NaN', '1e999', '-0', '+8613800138000', '１３８'],
  'x'.repeat(5000),
];
const text = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary', maxLength: 60 }));
const scalar = fc.oneof(text, fc.constantFrom(null, true, false), fc.double(), fc.bigInt().map(String), fc.integer());

/** JSON text of a value, with what JSON.stringify would never write. */
const jsonText = (members: readonly string[]) => {
  const name = members.length > 0 ? fc.oneof(fc.constantFrom(...members), text) : text;
  const value = fc.oneof(
    { weight: 4, arbitrary: scalar.map((one) => JSON.stringify(one) ?? 'null') },
    { weight: 1, arbitrary: fc.array(scalar, { maxLength: 5 }).map((all) => JSON.stringify(all)) },
    { weight: 1, arbitrary: fc.dictionary(text, scalar, { maxKeys: 4 }).map((all) => JSON.stringify(all)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('1e400', '-', '01', '"\\ud800"', '"\\u0000"', '{"__proto__":{"x":1}}', '[,]'),
    },
    { weight: 1, arbitrary: fc.nat(4000).map((depth) => '['.repeat(depth) + ']'.repeat(depth)) },
    { weight: 1, arbitrary: fc.nat(2000).map((depth) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)) },
  );
  const object = fc
    .array(fc.tuple(name, value), { maxLength: 6 }) // the same name may come twice
    .map((pairs) => `{${pairs.map(([key, one]) => `${JSON.stringify(key)}:${one}`).join(',')}}`);
  return fc.oneof(
    { weight: 6, arbitrary: object },
    { weight: 1, arbitrary: value },
    { weight: 1, arbitrary: object.chain((whole) => fc.nat(whole.length).map((end) => whole.slice(0, end))) },
  );
};

const body = (members: readonly string[]): fc.Arbitrary<Buffer> =>
  fc.oneof(
    { weight: 8, arbitrary: jsonText(members).map((json) => Buffer.from(json)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: jsonText(members).map((json) => Buffer.from(json, 'utf16le')) },
    { weight: 1, arbitrary: fc.integer({ min: 16_000, max: 40_000 }).map((size) => Buffer.alloc(size, '"')) },
    { weight: 2, arbitrary: fc.constant(Buffer.alloc(0)) },
  );

const latin = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
  maxLength: 80,
});
const headerLine = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        'Idempotency-Key',
        'X-Request-Id',
        'traceparent',
        'Authorization',
        'Accept',
        'Cookie',
        'X-Forwarded-For',
      ),
      fc.oneof(latin, fc.constantFrom('""', 'a, b', '"x', 'Bearer', 'Bearer \u00ff', '00-0-0-0', 'x'.repeat(300))),
    )
    .map(([name, value]) => `${name}: ${value}`),
  fc.constantFrom(
    ...[
      'Expect: 100-continue',
      'Expect: tea',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Connection: x',
      'TE: trailers',
    ],
    ...[
      'Host: b',
      'Host:',
      'X-HTTP-Method-Override: DELETE',
      'Content-Encoding: gzip',
      ' folded: a',
      'no colon',
      ': none',
    ],
    ...['Transfer-Encoding: gzip, chunked', 'Transfer-Encoding: identity', 'Content-Length: -1', 'Content-Length: 1e3'],
    ...['Content-Length: 99999999999999999999', 'X-Nul: a\0b', 'X\u00e4: 1', `X-Long: ${'x'.repeat(17_000)}`],
  ),
);
const CONTENT_TYPES = [
  ...Array<string>(6).fill('application/json'),
  ...['application/json; charset=utf-16', 'application/json;', 'application/problem+json', 'text/plain', 'text/html'],
  ...[
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    '',
    'json',
    '*/*',
    'application/JSON',
    '\u00ff',
  ],
];

const pathOf = ({ path, query }: Target): fc.Arbitrary<string> => {
  const id = fc.oneof(
    fc.constantFrom(
      `vrf_${'0'.repeat(34)}`,
      'x',
      '..',
      '%2e%2e',
      '%2F',
      '%00',
      '%ZZ',
      '%ff',
      '*',
      ':id',
      '{id}',
      ';a=b',
    ),
    fc.constantFrom('__proto__', 'constructor', 'x'.repeat(101), 'x'.repeat(9000), '%F0%9F%92%A5', '\u00ff'),
    text.map((any) => encodeURIComponent(any.replace(/[\ud800-\udfff]/g, 'x')).slice(0, 300)),
  );
  const parameter = fc.tuple(
    query.length > 0 ? fc.constantFrom(...query, '__proto__', 'x') : fc.constantFrom('x', '__proto__', ''),
    fc.oneof(
      fc.constantFrom('', '-1', '0', '1e9', '%ZZ', '%ff', '[]', 'NaN', '99999999999999999999', '%00', '10m', '+86138'),
      text.map((any) => encodeURIComponent(any.replace(/[\ud800-\udfff]/g, 'x')).slice(0, 300)),
    ),
    fc.constantFrom('', '[]', '[a]', '.b'),
  );
  return fc
    .tuple(
      id,
      fc.array(parameter, { maxLength: 4 }),
      fc.constantFrom('', '', '', '', '/', '//', '/..', '?', '#', '/../../x'),
    )
    .map(([one, parameters, tail]) => {
      const search = parameters.map(([name, value, suffix]) => `${name}${suffix}=${value}`).join('&');
      return path.replace(/\{\w+\}/g, one) + tail + (search && `?${search}`);
    });
};

const METHODS = [
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'QUERY',
  'foo',
  'CONNECT',
];

const chunked = (content: Buffer) =>
  fc.constantFrom(
    `${content.length.toString(16)}\r\n${content.toString('latin1')}\r\n0\r\n\r\n`,
    `zz\r\n${content.toString('latin1')}\r\n0\r\n\r\n`,
    `-1\r\n${content.toString('latin1')}\r\n0\r\n\r\n`,
    `${content.length.toString(16)};${'e'.repeat(300)}\r\n${content.toString('latin1')}\r\n0\r\n\r\n`,
    `0\r\nTrailer: x\r\n\r\n`,
    `ffffffffffffffffff\r\n`,
  );

const bytesOf = (start: string, lines: readonly string[], content: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${start}\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1'), content]);

/** A request to one route in which nearly anything may be wrong, as bytes. It always ends: nothing more has to come. */
const requestTo = (target: Target): fc.Arbitrary<Buffer> =>
  fc
    .record({
      method: fc.oneof({ weight: 8, arbitrary: fc.constant(target.method) }, fc.constantFrom(...METHODS)),
      path: pathOf(target),
      version: fc.constantFrom(...Array<string>(12).fill('HTTP/1.1'), 'HTTP/1.0', 'HTTP/2.0', 'HTTP/9', 'http/1.1', ''),
      type: fc.constantFrom(...CONTENT_TYPES),
      headers: fc.array(headerLine, { maxLength: 3 }),
      content: body(target.members),
    })
    .chain(({ method, path, version, type, headers, content }) => {
      const lines = ['Host: a', 'Connection: close', ...(type ? [`Content-Type: ${type}`] : []), ...headers];
      const start = `${method} ${path} ${version}`;
      return fc.oneof(
        { weight: 6, arbitrary: fc.constant(bytesOf(start, [...lines, `Content-Length: ${content.length}`], content)) },
        {
          weight: 1,
          arbitrary: chunked(content).map((chunks) =>
            bytesOf(start, [...lines, 'Transfer-Encoding: chunked'], Buffer.from(chunks, 'latin1')),
          ),
        },
      );
    });

/** Bytes that are hardly HTTP. */
const noise = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  latin.map((line) => Buffer.from(`${line}\r\n\r\n`, 'latin1')),
  fc
    .constantFrom(
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      'GET / HTTP/1.1\n\n',
      '\r\n\r\n',
    )
    .map((bytes) => Buffer.from(bytes, 'latin1')),
);

export const badRequest = (targets: readonly Target[]): fc.Arbitrary<Buffer> =>
  fc.oneof({ weight: 30, arbitrary: fc.constantFrom(...targets).chain(requestTo) }, { weight: 1, arbitrary: noise });
