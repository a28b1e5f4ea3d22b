import fc from 'fast-check';
import { compareKeys, cursorOf, keyIn, pageOf, type PageKey } from './page.js';
import { Problem } from './problem.js';

const key: fc.Arbitrary<PageKey> = fc.record({
  at: fc.nat({ max: 3 }),
  id: fc.string({ unit: 'grapheme', maxLength: 20 }),
});
const keyOf = (item: PageKey) => item;

describe('pages', () => {
  it('show every item once and in order, though some come and go between two pages', () => {
    const list = fc.uniqueArray(key, { selector: cursorOf, maxLength: 30 });
    fc.assert(
      fc.property(list, list, fc.integer({ min: 1, max: 7 }), (kept, passing, limit) => {
        const names = new Set(kept.map(cursorOf));
        const others = passing.filter((item) => !names.has(cursorOf(item)));
        const seen: PageKey[] = [];
        let cursor: string | null | undefined;
        for (let n = 0; cursor !== null; n++) {
          const now = [...kept, ...others.filter((_, other) => (other + n) % 2 === 0)].sort(compareKeys);
          const page = pageOf(now, { limit, cursor }, keyOf);
          expect(page.items.length).toBeLessThanOrEqual(limit);
          seen.push(...page.items);
          cursor = page.cursor;
        }
        expect(seen.filter((item) => names.has(cursorOf(item)))).toEqual([...kept].sort(compareKeys));
        expect(new Set(seen).size).toBe(seen.length);
      }),
    );
  });

  it('a cursor stands for the key that it was made of', () =>
    fc.assert(fc.property(key, (one) => expect(keyIn(cursorOf(one))).toEqual(one))));

  it.each(['', 'AAAA', Buffer.from('soon x').toString('base64url'), Buffer.from('12').toString('base64url')])(
    '%j is no cursor',
    (cursor) => expect(() => keyIn(cursor)).toThrow(Problem),
  );
});
