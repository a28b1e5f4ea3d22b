import { readFileSync } from 'node:fs';

const [english, chinese] = ['README.md', 'README.zh-CN.md'].map((file) => readFileSync(file, 'utf8')) as [
  string,
  string,
];
const allOf = (pattern: RegExp) => (text: string) => [...text.matchAll(pattern)].map(([whole]) => whole);
/** What both languages write alike, in the order it stands there; the addresses of each other aside. */
const shape = (text: string) => ({
  headings: allOf(/^#+ /gm)(text),
  blocks: allOf(/^```[\s\S]*?^```/gm)(text),
  names: allOf(/`[^`\n]+`/g)(text.replace(/^```[\s\S]*?^```/gm, '')).sort(),
  links: allOf(/\]\([^)]+\)/g)(text).filter((link) => !link.includes('README')),
  rows: allOf(/^\|/gm)(text).length,
  steps: allOf(/^\d\. /gm)(text),
});

it('the README says the same in Chinese: the same commands, names, links, rows and steps', () => {
  expect(shape(chinese)).toEqual(shape(english));
});
