import { lookUpLocale } from './locale.ts';

it.each([
  ['zh-CN', ['zh', 'en'], 'zh'],
  ['zh-HK', ['zh', 'zh-HK'], 'zh-HK'],
  ['zh-Hant-HK', ['zh', 'zh-Hant'], 'zh-Hant'],
  ['ZH-hk', ['zh-HK'], 'zh-HK'],
  ['zh-HK', ['zh-CN', 'en'], undefined],
  ['zh', ['zh-CN'], undefined],
  ['fr', ['zh', 'en'], undefined],
  ['en', [], undefined],
])('%s among %j is served by %s', (locale, known, served) => {
  expect(lookUpLocale(locale, known)).toBe(served);
});
