import { newCode, readCode } from './code.js';

describe('a new code', () => {
  it.each([6, 8, 10])('has %i digits, leading zeros included', (length) => {
    const codes = Array.from({ length: 2000 }, () => newCode(length));
    for (const code of codes) expect(code).toMatch(new RegExp(`^\\d{${length}}$`));
    expect(codes.some((code) => code.startsWith('0'))).toBe(true);
    expect(new Set(codes).size).toBeGreaterThan(1980);
  });

  it('S3: favours no digit in any place, over a million digits', () => {
    const count = 170_000;
    const codes = Array.from({ length: count }, () => newCode(6));
    for (let place = 0; place < 6; place++) {
      const seen = Array<number>(10).fill(0);
      for (const code of codes) seen[Number(code[place])]! += 1;
      const chiSquare = seen.reduce((sum, n) => sum + (n - count / 10) ** 2 / (count / 10), 0);
      expect(chiSquare).toBeLessThan(50); // 9 degrees of freedom: beyond 50 once in ten million runs
    }
  });
});

describe('a code as people type it', () => {
  it.each([
    ['042137'],
    [' 042 137 '],
    ['042-137'],
    ['042\u2013137'],
    ['0\u00a04\u20092\u200b1\u200e37'],
    ['０４２１３７'],
    ['\u0660\u0664\u0662\u0661\u0663\u0667'],
    ['\u06f0\u06f4\u06f2\u06f1\u06f3\u06f7'],
  ])('%j is 042137', (text) => {
    expect(readCode(text)).toBe('042137');
  });

  it.each([[''], ['   '], ['04213a'], ['+42137'], ['4.2137'], ['0x42137'], ['１２三']])('%j is none', (text) => {
    expect(readCode(text)).toBeUndefined();
  });
});
