import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { smsLength, smsParts } from './sms-length.ts';

/** What sms-segments-calculator 1.3.0 gives, and where a text must be split. */
interface Case {
  readonly text: string;
  readonly encoding?: string;
  readonly segments?: number;
  readonly correctParts?: number[];
}
const file = readFileSync(new URL('./sms-length-vectors.json', import.meta.url), 'utf8');
const cases = (JSON.parse(file) as { cases: Case[] }[]).flatMap((vector) => vector.cases);

/** `a x152 + € + b x20` and `A x160` are recipes. */
const textOf = (recipe: string): string =>
  / x\d+/.test(recipe)
    ? recipe
        .split(' + ')
        .map((part) => part.replace(/^(.) x(\d+)$/u, (_, character: string, times) => character.repeat(Number(times))))
        .join('')
    : recipe.replace(' (backtick)', '').replaceAll('\\n', '\n');

it.each(cases.filter(({ segments }) => segments !== undefined))('$text', ({ text, encoding, segments }) => {
  expect(smsLength(textOf(text))).toMatchObject({ encoding, segments });
});

it.each(cases.filter(({ correctParts }) => correctParts))(
  '$text travels in $correctParts',
  ({ text, correctParts }) => {
    expect(smsParts(textOf(text)).parts).toEqual(correctParts);
  },
);

it.each([
  ['', 'GSM-7', 0, 1],
  ['A'.repeat(160), 'GSM-7', 160, 1],
  ['A'.repeat(161), 'GSM-7', 161, 2],
  ['€'.repeat(80), 'GSM-7', 160, 1],
  ['€'.repeat(81), 'GSM-7', 162, 2],
  ['€'.repeat(153), 'GSM-7', 306, 3],
  [`${'a'.repeat(152)}€${'b'.repeat(20)}`, 'GSM-7', 174, 2],
  ['ç', 'UCS-2', 1, 1],
  ['Ç', 'GSM-7', 1, 1],
  ['`', 'UCS-2', 1, 1],
  ['中'.repeat(70), 'UCS-2', 70, 1],
  ['中'.repeat(71), 'UCS-2', 71, 2],
  ['😀'.repeat(35), 'UCS-2', 70, 1],
  ['😀'.repeat(36), 'UCS-2', 72, 2],
  ['😀'.repeat(67), 'UCS-2', 134, 3],
  ['【ACME】您的验证码是123456，5分钟内有效，请勿泄露。', 'UCS-2', 31, 1],
  ['Your code is 123456.\n\n@example.com #123456', 'GSM-7', 42, 1],
  ['<#> Your code is 123456\nFA+9qCX9VSu', 'GSM-7', 35, 1],
])('%s', (text, encoding, length, segments) => {
  expect(smsLength(text)).toEqual({ encoding, length, segments });
});

const CHARACTERS = ['a', 'Z', ' ', '\n', '€', '^', '[', 'é', 'ç', '中', '😀', '’'];

it('no character is split, no part is too long, and all of the text is in the parts', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...CHARACTERS), { maxLength: 400 }), (characters) => {
      const { encoding, length, segments } = smsLength(characters.join(''));
      const { parts } = smsParts(characters.join(''));
      const [single, part] = encoding === 'GSM-7' ? [160, 153] : [70, 67];
      expect(parts.reduce((sum, size) => sum + size, 0)).toBe(length);
      expect(Math.max(...parts)).toBeLessThanOrEqual(segments === 1 ? single : part);
      // A part that another follows had no room for one character more, the largest being two units.
      for (const size of parts.slice(0, -1)) expect(size).toBeGreaterThanOrEqual(part - 1);
    }),
  );
});
