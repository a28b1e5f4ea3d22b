import { readTemplates } from './read-templates.ts';

const NAMES = ['ccp', 'aliyun'];
const file = (changes: object = {}, locale = 'zh') => ({
  'verification-code': { default: locale, locales: { [locale]: { text: '验证码{code}', ...changes } } },
});
const read = (value: unknown) => readTemplates(typeof value === 'string' ? value : JSON.stringify(value), NAMES);
const AT = '/verification-code/locales/zh';

it('takes a whole file', () => {
  const text = {
    text: '您的验证码是{code}，{minutes}分钟内有效。',
    signature: '某某科技',
    doNotShare: true,
    webOtpHost: 'example.com',
  };
  const providers = {
    ccp: { id: '1', params: ['code', 'minutes'] },
    aliyun: { id: 'SMS_154950909', signature: '某某', params: { vcode: 'code' } },
  };
  expect(read(file({ ...text, providers }))).toEqual({
    templates: {
      'verification-code': {
        default: 'zh',
        locales: {
          zh: {
            ...text,
            providers: {
              ccp: {
                id: '1',
                params: [
                  { name: 'code', param: 'code' },
                  { name: 'minutes', param: 'minutes' },
                ],
              },
              aliyun: { id: 'SMS_154950909', signature: '某某', params: [{ name: 'vcode', param: 'code' }] },
            },
          },
        },
      },
    },
  });
});

it('keeps the built-in text of a template that it does not name', () => {
  expect(read({})).toMatchObject({ templates: { 'verification-code': { default: 'en' } } });
});

// prettier-ignore
it.each<[value: unknown, problem: string]>([
  ['{"verification-code":', 'the file: it is not JSON'],
  [[], 'the file: it must be an object'],
  [{ 'verification-kode': {} }, '/verification-kode: is not known; known: verification-code'],
  [{ 'verification-code': 'hello' }, '/verification-code: it must be an object'],
  [{ 'verification-code': { default: 'en' } }, '/verification-code/locales: is missing'],
  [{ 'verification-code': { default: 'en', locales: { zh: { text: '{code}' } } } }, '/verification-code/default: it must be one of the locales: zh'],
  [file({}, 'chinese!'), '/verification-code/locales/chinese!: the name must be a language tag'],
  [file({}, 'a/b~'), '/verification-code/locales/a~1b~0: the name must be a language tag'],
  [file({ text: undefined }), `${AT}/text: it must be a text of 1 to 500 characters`],
  [file({ text: ' {code}' }), `${AT}/text: it must be a text of 1 to 500 characters, without spaces around it`],
  [file({ text: '验证码' }), `${AT}/text: it must hold {code}`],
  [file({ text: '{code} {name}' }), `${AT}/text: {name} is not known: it may hold {code} and {minutes}`],
  [file({ text: '{code' }), `${AT}/text: it has a { or } without the other`],
  [file({ signature: '【某某】' }), `${AT}/signature: it must be 1 to 32 characters without brackets`],
  [file({ signature: 7 }), `${AT}/signature: it must be`],
  [file({ doNotShare: 'yes' }), `${AT}/doNotShare: it must be true or false`],
  [file({ text: '{code}', doNotShare: true }, 'fr'), '/verification-code/locales/fr/doNotShare: there is a sentence for zh, en only'],
  [file({ webOtpHost: 'https://example.com' }), `${AT}/webOtpHost: it must be a host name`],
  [file({ appHash: 'FA+9qCX9VS' }), `${AT}/appHash: it must be the 11 characters`],
  [file({ webOtpHost: 'example.com', appHash: 'FA+9qCX9VSu' }), `${AT}: webOtpHost and appHash both want the end of the text`],
  [file({ sender: 'x' }), `${AT}/sender: is not known`],
  [file({ providers: { acme: { id: '1' } } }), `${AT}/providers/acme: is not known; known: ccp, aliyun`],
  [file({ providers: { ccp: {} } }), `${AT}/providers/ccp/id: is missing`],
  [file({ providers: { ccp: { id: 1 } } }), `${AT}/providers/ccp/id: it must be the id of a text`],
  [file({ providers: { ccp: { id: '1', params: ['codes'] } } }), `${AT}/providers/ccp/params/codes: it must be one of: code, minutes`],
  [file({ providers: { ccp: { id: '1', params: { code: 5 } } } }), `${AT}/providers/ccp/params/code: it must be one of`],
  [file({ providers: { ccp: { id: '1', params: 'code' } } }), `${AT}/providers/ccp/params: it must be an object`],
])('refuses %j and says where and why', (value, problem) => {
  expect(read(value)).toEqual({ problems: [expect.stringContaining(problem)] });
});

it('says everything at once', () => {
  expect(read(file({ text: 7, signature: '', sender: 1 }))).toMatchObject({
    problems: [
      expect.stringContaining('/sender'),
      expect.stringContaining('/text'),
      expect.stringContaining('/signature'),
    ],
  });
});
