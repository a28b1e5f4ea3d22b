import fc from 'fast-check';
import type { ApprovedTexts, SmsContent } from '../sms-provider.ts';
import { templateProblems } from './check-templates.ts';
import { BUILT_IN_TEMPLATES, type LocalText, type MessageTemplates } from './message-template.ts';
import { SmsTemplates } from './sms-templates.ts';
import { readOriginBoundCode } from './web-otp.ts';

const content = (locale: string, code = '123456'): SmsContent => ({
  to: '+8613800138000',
  template: 'verification-code',
  locale,
  params: { code, minutes: '5' },
});
const free = (name = 'free') => company(name);
const company = (name: string, approved?: Partial<ApprovedTexts>) => ({
  name,
  capabilities: {
    guardsDuplicates: false,
    ...(approved && { approvedTexts: { ids: new Map(), params: ['code', 'minutes'], ...approved } }),
  },
  supports: () => true,
  send: () => Promise.reject(new Error('nobody sends here')),
});
const said = (locales: Record<string, Partial<LocalText>>, standard = Object.keys(locales)[0]!): MessageTemplates => ({
  'verification-code': {
    default: standard,
    locales: Object.fromEntries(
      Object.entries(locales).map(([locale, text]) => [locale, { text: `${locale} {code}`, providers: {}, ...text }]),
    ),
  },
});

describe('the built-in texts', () => {
  const texts = new SmsTemplates(BUILT_IN_TEMPLATES, 'Acme');
  it.each([
    ['zh-CN', '【Acme】您的验证码是123456，5分钟内有效。请勿泄露给他人。'],
    ['zh-HK', '【Acme】您的验证码是123456，5分钟内有效。请勿泄露给他人。'],
    ['en-US', '[Acme] Your verification code is 123456. It is valid for 5 min. Do not share it with anyone.'],
    ['fr', '[Acme] Your verification code is 123456. It is valid for 5 min. Do not share it with anyone.'],
  ])('in %s', (locale, text) => expect(texts.render(free(), content(locale)).text).toBe(text));

  it('need no signature', () => {
    expect(new SmsTemplates(BUILT_IN_TEMPLATES).render(free(), content('zh-CN'))).toEqual({
      text: '您的验证码是123456，5分钟内有效。请勿泄露给他人。',
      params: [
        { name: 'code', value: '123456' },
        { name: 'minutes', value: '5' },
      ],
    });
  });
});

describe('for a company that takes any text', () => {
  const render = (text: Partial<LocalText>) => new SmsTemplates(said({ zh: text })).render(free(), content('zh')).text;

  it("S27, S35: the line for browsers comes last, and an approved text is not given one's", () => {
    const texts = new SmsTemplates(said({ en: { text: 'Code {code}.', webOtpHost: 'example.com' } }));
    const { text } = texts.render(free(), content('en'));
    expect(text).toBe('Code 123456.\n\n@example.com #123456');
    expect(readOriginBoundCode(text)).toMatchObject({ host: 'example.com', code: '123456' });

    expect(texts.render(company('ccp', {}), content('en')).text).toBe('Code 123456.');
  });

  it('S28: the hash of an Android app comes last, and <#> first', () => {
    expect(render({ text: '<#> 验证码{code}', signature: '某某', appHash: 'FA+9qCX9VSu' })).toBe(
      '<#> 【某某】验证码123456\nFA+9qCX9VSu',
    );
  });

  it('S30: a sentence against handing the code on can be added', () => {
    expect(render({ text: '验证码{code}。', doNotShare: true })).toBe('验证码123456。请勿泄露给他人。');
  });

  it('every code in every text can be read by a browser', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{4,10}$/), fc.constantFrom('zh', 'en'), (code, locale) => {
        const texts = new SmsTemplates(
          said({ zh: { webOtpHost: 'a.example' }, en: { webOtpHost: 'a.example' } }),
          '某某',
        );
        expect(readOriginBoundCode(texts.render(free(), content(locale, code)).text)?.code).toBe(code);
      }),
    );
  });
});

describe('for a company with approved texts', () => {
  const ids = new Map([
    ['verification-code', '1'],
    ['verification-code:en', '2'],
    ['verification-code:zh-Hant', '3'],
  ]);
  const texts = new SmsTemplates(BUILT_IN_TEMPLATES);

  it.each([
    ['zh-CN', '1'],
    ['zh-Hant-HK', '3'],
    ['zh-hant', '3'],
    ['en', '2'],
    ['en-US', '2'],
    ['fr', '1'],
  ])("%s has id %s of the company's settings", (locale, id) => {
    expect(texts.render(company('ccp', { ids }), content(locale)).templateId).toBe(id);
  });

  it('a language that only the default serves takes its id', () => {
    const english = company('ccp', { ids: new Map([['verification-code:en', '2']]) });
    expect(texts.render(english, content('fr')).templateId).toBe('2');
    expect(texts.carries(english, content('zh'))).toBe(false);
  });

  it("the file's id, params and signature come before those of the settings", () => {
    const providers = {
      ccp: {
        id: '9',
        signature: '他',
        params: [
          { name: 'mins', param: 'minutes' },
          { name: 'c', param: 'code' },
        ],
      },
    };
    const filed = new SmsTemplates(said({ zh: { signature: '某某', providers } }), 'Acme');
    expect(filed.render(company('ccp', { ids }), content('zh'))).toMatchObject({
      templateId: '9',
      signature: '他',
      params: [
        { name: 'mins', value: '5' },
        { name: 'c', value: '123456' },
      ],
    });
    expect(filed.render(company('other', { ids }), content('zh'))).toMatchObject({
      templateId: '1',
      signature: '某某',
    });
  });
});

describe('S33: what can never be sent is refused before anything is', () => {
  const ids = new Map([['verification-code', '1']]);
  const digits = { pattern: /^\d{1,6}$/, words: 'at most 6 digits' };
  const builtIn = new SmsTemplates(BUILT_IN_TEMPLATES);
  const problems = (providers: Parameters<typeof templateProblems>[0], texts = builtIn, codeLength = 6) =>
    templateProblems(providers, texts, codeLength);

  it.each([4, 6, 8, 10])('codes of %i digits', (length) => {
    const refused = problems([free(), company('picky', { ids, code: digits })], builtIn, length);
    expect(refused).toEqual(
      length > 6
        ? ['picky takes codes of at most 6 digits only: set CODE_LENGTH to that, or take the company off SMS_PROVIDERS']
        : [],
    );
  });

  it('letters, where only digits are taken', () => {
    const obstacle = builtIn.obstacle(company('picky', { ids, code: digits }), content('zh', 'ABCDEF'));
    expect(obstacle).toEqual({ kind: 'code', sentence: 'picky takes codes of at most 6 digits only' });
    expect(obstacle!.sentence).not.toContain('ABCDEF');
  });

  it('two params, where an approved text has one', () => {
    expect(problems([company('picky', { ids, maxParams: 1 })])).toEqual([
      'picky allows 1 param in the approved text, and verification-code in zh has 2: name the one that is left in params of SMS_TEMPLATES',
      'picky allows 1 param in the approved text, and verification-code in en has 2: name the one that is left in params of SMS_TEMPLATES',
    ]);
    expect(problems([company('picky', { ids, maxParams: 1, params: ['code'] })])).toEqual([]);
  });

  it('no signature, where one is asked for', () => {
    const picky = company('picky', { ids, needsSignature: true });
    expect(problems([picky])[0]).toBe(
      'picky needs a signature for verification-code in zh: set SMS_SIGNATURE, or signature in SMS_TEMPLATES',
    );
    expect(problems([picky], new SmsTemplates(BUILT_IN_TEMPLATES, '某某'))).toEqual([]);
  });

  it('a company without any text, beside one that has all', () => {
    expect(problems([free(), company('ccp', {})])).toEqual([
      'ccp has no approved text at all: name ids in SMS_CCP_TEMPLATES, or under providers in SMS_TEMPLATES',
    ]);
  });

  it('a text that nobody on the route has; one that only another company has is fine', () => {
    const english = company('ccp', { ids: new Map([['verification-code:en', '2']]) });
    expect(problems([english])).toEqual([
      'no company on the route has an approved text for verification-code in zh: name an id in its settings or in SMS_TEMPLATES',
    ]);
    expect(problems([english, free()])).toEqual([]);
  });
});
