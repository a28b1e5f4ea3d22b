import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { isSealed } from './sealed.js';
import { Sealer, UnsealableError } from './sealer.js';

const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const withKeys = (...keys: string[]) => new Sealer({ keys });
const FOR = { messageId: 'a3d1', field: 'code', to: '+8613800138000' } as const;

describe('sealing', () => {
  const [first, second] = [key('k1'), key('k2')];
  const sealer = withKeys(first);

  it('opens with the same words, and shows nothing before', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{4,10}$/), (code) => {
        const sealed = sealer.seal(code, FOR);
        expect(isSealed(sealed)).toBe(true);
        expect(Buffer.from(sealed.split(':')[3]!, 'base64url').toString('latin1')).not.toContain(code);
        expect(sealer.open(sealed, FOR)).toBe(code);
      }),
    );
  });

  it.each([
    ['another message', { ...FOR, messageId: 'b2' }],
    ['another field', { ...FOR, field: 'to' as const }],
    ['another receiver', { ...FOR, to: '+8613800138001' }],
    ['no receiver', { messageId: FOR.messageId, field: FOR.field }],
  ])('does not open for %s', (_what, other) => {
    const sealed = sealer.seal('123456', FOR);

    expect(() => sealer.open(sealed, other)).toThrow(UnsealableError);
  });

  it('does not open when one character was changed', () => {
    const sealed = sealer.seal('123456', FOR);
    const start = 'sealed:v1:k1:'.length;
    fc.assert(
      // The last character may carry unused bits.
      fc.property(fc.integer({ min: start, max: sealed.length - 2 }), (at) => {
        const other = sealed[at] === 'A' ? 'B' : 'A';
        expect(() => sealer.open(sealed.slice(0, at) + other + sealed.slice(at + 1), FOR)).toThrow(UnsealableError);
      }),
    );
  });

  it('rotates: the first key seals, every key opens, an unknown key is named', () => {
    const old = sealer.seal('123456', FOR);
    const rotated = withKeys(second, first);

    expect(rotated.open(old, FOR)).toBe('123456');
    expect(rotated.seal('123456', FOR)).toMatch(/^sealed:v1:k2:/);
    expect(() => withKeys(second).open(old, FOR)).toThrow('no sealing key with id k1');
  });

  it('never seals the same value the same way', () => {
    expect(sealer.seal('123456', FOR)).not.toBe(sealer.seal('123456', FOR));
  });

  it('an error names neither value nor content', () => {
    const sealed = sealer.seal('123456', FOR);
    const attempt = () => sealer.open(sealed, { ...FOR, messageId: 'b2' });

    expect(attempt).toThrow('code does not open: another key, message or receiver');
  });
});
