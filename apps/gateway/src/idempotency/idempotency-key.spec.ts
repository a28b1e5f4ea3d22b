import { readIdempotencyKey } from './idempotency-key.js';

it.each([
  ['8e03978e-40d5-43e8-bc93-6894a57f9324', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
  ['"8e03978e-40d5-43e8-bc93-6894a57f9324"', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
  ['"order 7, again"', 'order 7, again'],
  [String.raw`"a \"b\" \\ c"`, String.raw`a "b" \ c`],
  [' "a" ', 'a'],
  ['a/b:c=d+e_f~g', 'a/b:c=d+e_f~g'],
  ['x'.repeat(255), 'x'.repeat(255)],
  ['x'.repeat(256), undefined],
  [`"${'x'.repeat(256)}"`, undefined],
  ['', undefined],
  ['""', undefined],
  ['a, b', undefined], // two headers
  ['"a", "b"', undefined],
  ['a b', undefined],
  ['"a', undefined],
  [String.raw`"a\b"`, undefined],
  ['a"b', undefined],
  ['schlüssel', undefined],
  ['"\t"', undefined],
])('%s → %s', (header, key) => expect(readIdempotencyKey(header)).toBe(key));
