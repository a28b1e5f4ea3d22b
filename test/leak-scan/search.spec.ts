import * as fc from 'fast-check';
import { SecretSearch } from './search.js';
import type { Secret } from './secrets.js';

const CODE = '4711908263';
const SECRETS: readonly Secret[] = [
  { kind: 'code', value: CODE },
  { kind: 'number', value: '15412345678' },
  { kind: 'credential', value: 'pa/ss"wörd+=' },
  { kind: 'credential', value: Buffer.from('00ff80c3a9fefe01aa55deadbeef', 'hex') },
];
const search = new SecretSearch(SECRETS);
const found = (text: string) => search.in({ place: 'here', bytes: Buffer.from(text) });

describe('the search for secrets', () => {
  const encodings: [string, (value: string | Buffer) => string | Buffer][] = [
    ['raw', (value) => value],
    ['hex', (value) => Buffer.from(value).toString('hex')],
    ['HEX', (value) => Buffer.from(value).toString('hex').toUpperCase()],
    ['URL', (value) => (typeof value === 'string' ? encodeURIComponent(value) : value)],
    ['JSON', (value) => (typeof value === 'string' ? JSON.stringify(value) : value)],
  ];
  const secret = fc.constantFrom(...SECRETS);
  // No digits, so that nothing looks like an id or a time.
  const around = fc.stringMatching(/^[ -/:-`{-~]{0,40}$/);

  it.each(encodings)('finds each secret, %s, wherever it stands', (_name, encode) => {
    fc.assert(
      fc.property(secret, around, around, ({ kind, value }, before, after) => {
        const bytes = Buffer.concat([Buffer.from(before), Buffer.from(encode(value)), Buffer.from(after)]);
        expect(search.in({ place: 'here', bytes })).toContainEqual(expect.objectContaining({ place: 'here', kind }));
      }),
    );
  });

  it.each(['base64', 'base64url'] as const)('finds each secret inside longer %s', (encoding) => {
    fc.assert(
      fc.property(secret, fc.uint8Array(), fc.uint8Array(), ({ kind, value }, before, after) => {
        const text = Buffer.concat([before, Buffer.from(value), after]).toString(encoding);
        expect(found(text)).toContainEqual(expect.objectContaining({ kind, form: expect.stringMatching(/^base64/) }));
      }),
    );
  });

  it('says where, and not what', () => {
    const hits = found(`{"code":"${CODE}"}`);
    expect(hits).toEqual([{ place: 'here', offset: 9, kind: 'code', form: 'raw' }]);
    expect(JSON.stringify(hits)).not.toContain(CODE);
  });

  it.each([
    ['+8615412345678', 1],
    ['8615412345678', 1],
    [`a${CODE}b`, 1],
    [`${CODE}${CODE}`, 2],
    [`12${CODE}`, 1],
    [`+86154****5678`, 0],
    ['4711908262', 0],
    // a time in milliseconds, a UUID, an id of ours
    [`179${CODE}`, 0],
    ['f4711908-2634-4ee9-92da-492d12f44891', 0],
    [`vrf_04019${CODE}2c72ccfc3b9433f65`, 0],
  ])('%s: %i', (text, hits) => expect(found(text)).toHaveLength(hits));

  it('finds nothing in random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 10_000 }), (bytes) => {
        expect(search.in({ place: 'here', bytes: Buffer.from(bytes) })).toEqual([]);
      }),
    );
  });
});
