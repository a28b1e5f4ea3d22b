import fc from 'fast-check';
import { topicMatches } from './topic.js';

const key = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 8 }).map((words) => words.join('.'));
const pattern = fc.array(fc.constantFrom('a', 'b', '*', '#'), { maxLength: 8 }).map((words) => words.join('.'));

/** The definition, word for word; too slow for many `#`. */
function matches(pattern: string[], words: string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return words.length === 0;
  if (first === '#') return matches(rest, words) || (words.length > 0 && matches(pattern, words.slice(1)));
  return words.length > 0 && (first === '*' || first === words[0]) && matches(rest, words.slice(1));
}
const wordsOf = (text: string) => (text === '' ? [] : text.split('.'));

it('matches exactly what the definition of topics matches', () => {
  fc.assert(
    fc.property(pattern, key, (a, b) => {
      expect(topicMatches(a, b)).toBe(matches(wordsOf(a), wordsOf(b)));
    }),
    { numRuns: 2000 },
  );
});

it('is quick also for a pattern made to be slow', () => {
  const started = performance.now();
  expect(topicMatches(`${'#.a.'.repeat(40)}b`, 'a.'.repeat(100) + 'c')).toBe(false);
  expect(performance.now() - started).toBeLessThan(100);
});
