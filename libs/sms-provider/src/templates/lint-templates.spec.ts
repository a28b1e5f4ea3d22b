import type { SmsProvider } from '../sms-provider.ts';
import { lintTemplates, type Rule } from './lint-templates.ts';
import { BUILT_IN_TEMPLATES, type LocalText } from './message-template.ts';
import { SmsTemplates } from './sms-templates.ts';

const provider = (name: string, approvedTexts?: SmsProvider['capabilities']['approvedTexts']): SmsProvider => ({
  name,
  capabilities: { guardsDuplicates: false, ...(approvedTexts && { approvedTexts }) },
  supports: () => true,
  send: () => Promise.reject(new Error('nobody sends here')),
});
const ANY_TEXT = provider('free');
const APPROVED = provider('ccp', { ids: new Map([['verification-code', '1']]), params: ['code', 'minutes'] });

const CLEAN = { zh: '验证码{code}，{minutes}分钟内有效，请勿泄露', en: 'Code {code}. Do not share it.' };
/** A clean text that is so long once it is filled. */
const filledTo = (locale: 'zh' | 'en', length: number): string =>
  CLEAN[locale] + '.'.repeat(length - CLEAN[locale].replace('{code}', '000000').replace('{minutes}', '10').length);
const lint = (locale: 'zh' | 'en', text: Partial<LocalText>, providers: SmsProvider[] = [], signature?: string) => {
  const local = { text: CLEAN[locale], providers: {}, ...text };
  const templates = { 'verification-code': { default: locale, locales: { [locale]: local } } };
  return lintTemplates({ templates: new SmsTemplates(templates, signature), codeLength: 6, providers });
};

it('has nothing to say against the built-in texts', () => {
  for (const providers of [[], [ANY_TEXT], [APPROVED]]) {
    const templates = new SmsTemplates(BUILT_IN_TEMPLATES, 'Acme');
    expect(lintTemplates({ templates, codeLength: 6, providers })).toEqual([]);
  }
});

it('has nothing to say against texts that just fit', () => {
  expect(lint('zh', { text: filledTo('zh', 70) })).toEqual([]);
  expect(lint('en', { text: filledTo('en', 160) })).toEqual([]);
  expect(lint('en', { text: filledTo('en', 128), appHash: 'FA+9qCX9VSu' })).toEqual([]);
});

it('says that a Chinese signature before an English text doubles what it costs', () => {
  const templates = new SmsTemplates(BUILT_IN_TEMPLATES, '某某科技');
  expect(lintTemplates({ templates, codeLength: 6, providers: [] })).toMatchObject([
    { rule: 'one-segment', locale: 'en' },
  ]);
});

it.each(['zh', 'en'] as const)('has nothing to say against a clean text in %s', (locale) => {
  expect(lint(locale, {})).toEqual([]);
});

type Case = [
  rule: string,
  slug: Rule,
  locale: 'zh' | 'en',
  text: Partial<LocalText>,
  sentence: string,
  more?: { providers?: SmsProvider[]; signature?: string },
];

// prettier-ignore
const CASES: Case[] = [
  ['S27', 'web-otp', 'en', { text: 'Code {code}. Do not share it.\n\n@login #' }, 'a line for browsers belongs into webOtpHost'],
  ['S35', 'web-otp', 'en', { webOtpHost: 'example.com' }, 'no company on the route takes any text', { providers: [APPROVED] }],
  ['S28', 'sms-retriever', 'en', { text: filledTo('en', 129), appHash: 'FA+9qCX9VSu' }, 'it has 141 bytes, and Android reads at most 140'],
  ['S28', 'sms-retriever', 'en', { appHash: 'FA+9qCX9VSu' }, 'no company on the route takes any text', { providers: [APPROVED] }],
  ['S29', 'one-segment', 'zh', { text: filledTo('zh', 71) }, 'it is billed as 2 texts: 71 UTF-16 units of 70'],
  ['S29', 'one-segment', 'en', { text: filledTo('en', 161) }, 'it is billed as 2 texts: 161 septets of 160'],
  ['S30', 'do-not-share', 'en', { text: 'Code {code}.' }, 'nothing in it warns'],
  ['S30', 'do-not-share', 'zh', { text: '验证码{code}，{minutes}分钟内有效' }, 'nothing in it warns'],
  ['S33', 'code-variable', 'en', { text: '{code} is your code: {code}. Do not share it.' }, 'more than once'],
  ['S34', 'wording', 'zh', { text: '密码{code}，{minutes}分钟内有效，请勿泄露' }, '验证码, 注册码, 校验码 or 动态码'],
  ['S34', 'wording', 'zh', { text: '验证码{code}，请勿泄露' }, 'who texts, what for, or how long'],
  ['S34', 'wording', 'zh', { text: `${CLEAN.zh}，详见https://a.example` }, 'no link'],
  ['S34', 'wording', 'zh', { text: `${CLEAN.zh} example.com` }, 'no link'],
  ['S34', 'wording', 'zh', { text: `${CLEAN.zh}，客服4001234567` }, 'no telephone number'],
  ['S34', 'wording', 'zh', { text: `${CLEAN.zh}，加微信` }, 'no telephone number or other contact'],
  ['S34', 'wording', 'zh', { text: `【某某】${CLEAN.zh}` }, 'must not hold 【'],
  ['S34', 'wording', 'zh', { text: `${CLEAN.zh}，拒收请回复R` }, 'must not offer to unsubscribe'],
  ['S36', 'signature', 'zh', {}, 'must begin with the registered 【signature】', { providers: [ANY_TEXT] }],
  ['S36', 'signature', 'zh', { signature: '某' }, 'the signature 某 must be 2 to 12'],
  ['S36', 'signature', 'zh', {}, 'the signature Acme Bank must be 2 to 12', { signature: 'Acme Bank' }],
  ['S36', 'signature', 'zh', { signature: '123456' }, 'not digits alone'],
  ['S36', 'signature', 'en', { providers: { ccp: { id: '1', signature: '长'.repeat(17) } } }, 'must be 2 to 16'],
];

it.each(CASES.map(([rule, slug, locale, text, sentence, more = {}]) => ({ rule, slug, locale, text, sentence, more })))(
  '$rule: $slug in $locale of $text',
  ({ slug, locale, text, sentence, more: { providers, signature } }) => {
    expect(lint(locale, text, providers, signature)).toEqual([
      { rule: slug, template: 'verification-code', locale, sentence: expect.stringContaining(sentence) },
    ]);
  },
);

it('says what the route cannot carry', () => {
  const picky = provider('picky', { ids: new Map(), params: ['code'] });
  expect(lint('en', {}, [picky]).map(({ rule, sentence }) => `${rule}: ${sentence}`)).toEqual([
    expect.stringMatching(/^route: picky has no approved text at all/),
    expect.stringMatching(/^route: no company on the route has an approved text for verification-code in en/),
  ]);
});
