import { readSettings, SettingsError } from '@app/common';
import { readFileSync } from 'node:fs';
import { OneCompany } from '../../../../test/support/one-company.ts';
import { consequenceOf } from '../consequence.ts';
import type { OutboundSms, SendOutcome } from '../sms-provider.ts';
import { BUILT_IN_TEMPLATES } from '../templates/message-template.ts';
import { SmsTemplates } from '../templates/sms-templates.ts';
import { ccp, CcpProvider, CcpSettings, classifyCcp, signCcp } from './ccp.provider.ts';

/** Each is labelled with its source: official SDKs, the company's own examples. */
interface Vector {
  name: string;
  inputs?: Record<string, string> & { datas?: string[] };
  expected?: { sig?: string; authorization?: string; path?: string; url?: string; headers?: object; bodyJson?: object };
  cases?: { httpStatus: number; body: string; outcome: object; messageId?: string; reqId?: string; valid?: boolean }[];
}
const file = readFileSync(new URL('./provider-vectors.json', import.meta.url), 'utf8');
const vectors = (JSON.parse(file) as { ccp: Vector[] }).ccp;
const named = (start: string) => vectors.find(({ name }) => name.startsWith(start))!;

const MESSAGE: Omit<OutboundSms, 'rendered'> = {
  reference: '0123456789abcdef0123456789abcdef',
  repeated: false,
  ttlSeconds: 300,
  to: '+8613800138000',
  template: 'verification-code',
  locale: 'zh-CN',
  params: { code: '123456', minutes: '5' },
};

/** `20261123170917` in China. */
const inChina = (timestamp: string) =>
  new Date(timestamp.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6+08:00'));

describe('the signature', () => {
  it.each(vectors.filter(({ inputs }) => inputs?.timestamp))('$name', ({ inputs, expected }) => {
    const { accountSid, authToken, timestamp } = inputs as Record<string, string>;
    const signed = signCcp(accountSid!, authToken!, inChina(timestamp!));

    const url = expected?.path ?? expected?.url;
    expect(url).toBe(`/2013-12-26/Accounts/${accountSid}/SMS/TemplateSMS?sig=${signed.sig}`);
    const headers = expected?.headers as { authorization?: string } | undefined;
    expect(signed.authorization).toBe(expected?.authorization ?? headers?.authorization);
  });

  it.each([
    ['2026-12-31T15:59:59Z', '20261231235959'],
    ['2026-12-31T16:00:00.999Z', '20270101000000'],
  ])("of %s bears China's time %s", (instant, timestamp) => {
    const { authorization } = signCcp('sid', 'token', new Date(instant));
    expect(Buffer.from(authorization, 'base64').toString()).toBe(`sid:${timestamp}`);
  });
});

describe('a request', () => {
  let company: OneCompany;
  let provider: CcpProvider;

  beforeEach(async () => {
    company = new OneCompany();
    company.answers(200, { statusCode: '000000' });
    const { accountSid, authToken, appId, timestamp } = named('whole request').inputs!;
    provider = new CcpProvider(
      {
        accountSid: accountSid!,
        authToken: authToken!,
        appId: appId!,
        templates: ['verification-code=1', 'verification-code:en=2'],
        baseUrl: await company.open(),
      },
      () => inChina(timestamp!),
    );
  });

  afterEach(async () => {
    await provider.close();
    await company.close();
  });

  const send = (changes: Partial<OutboundSms> = {}): Promise<SendOutcome> => {
    const message = { ...MESSAGE, ...changes };
    const rendered = new SmsTemplates(BUILT_IN_TEMPLATES).render(provider, message);
    return provider.send({ ...message, rendered }, new AbortController().signal);
  };

  it("is the official SDK's, with our reference as reqId", async () => {
    await send();

    const { expected } = named('whole request');
    const { request, body } = company.asked;
    expect(request.method).toBe('POST');
    expect(request.url).toBe(expected?.url);
    expect(request.headers).toMatchObject(expected!.headers!);
    expect(JSON.parse(body)).toEqual({ ...expected!.bodyJson, reqId: MESSAGE.reference });
  });

  it.each([
    ['zh-CN', '1'],
    ['en', '2'],
    ['en-US', '2'],
    ['fr', '1'],
  ])('for %s names template %s', async (locale, templateId) => {
    await send({ locale });
    expect(JSON.parse(company.asked.body)).toMatchObject({ templateId });
  });

  it.each(named('TemplateSMS responses').cases!)('answered with $body is understood', async (answer) => {
    company.answers(answer.httpStatus, answer.body);
    const { scope, ...outcome } = answer.outcome as { scope?: string };
    const expected = scope === undefined ? outcome : { ...outcome, scope: scope.replace(/-quota.*/, '') };

    const got = await send();

    expect({ ...consequenceOf(got), ...got }).toMatchObject(expected);
    if (got.kind === 'accepted') expect(got.providerMessageId).toBe(answer.messageId);
  });

  const BUSY = { kind: 'rejected', class: 'RETRYABLE', scope: 'provider' };
  it.each<[status: number, body: string, outcome: object]>([
    [200, 'ok', { kind: 'unknown', code: 'unreadable-answer' }],
    [200, '', { kind: 'unknown', code: 'unreadable-answer' }],
    [200, 'null', { kind: 'unknown', code: 'unreadable-answer' }],
    [200, '{"statusCode":0}', { kind: 'unknown', code: 'unreadable-answer' }],
    [200, '{"statusCode":"000000"}', { kind: 'accepted' }],
    [500, '<html>', { kind: 'unknown', code: 'http-500' }],
    [503, '{"statusCode":"000000"}', { kind: 'unknown', code: 'http-503' }],
    [500, '{"statusCode":"160001"}', { ...BUSY, code: '160001' }],
    [302, '', { kind: 'unknown', code: 'http-302' }],
    [307, '', { kind: 'rejected', class: 'PERMANENT', scope: 'account', code: 'http-307' }],
    [403, '<html>', { ...BUSY, code: 'http-403', alert: true }],
    [429, '', { ...BUSY, code: 'http-429', alert: true }],
    [400, '{"statusCode":"111100"}', { kind: 'rejected', scope: 'account', code: '111100' }],
  ])('answered with %i %s', async (status, body, outcome) => {
    company.answers(status, body);
    expect(await send()).toMatchObject(outcome);
  });

  it('that is accepted with an id that is no text is accepted without one', async () => {
    company.answers(200, '{"statusCode":"000000","templateSMS":{"smsMessageSid":7}}');
    expect(await send()).toEqual({ kind: 'accepted' });
    company.answers(200, '{"statusCode":"000000","templateSMS":{"smsMessageSid":""}}');
    expect(await send()).toEqual({ kind: 'accepted' });
  });

  it('that repeats an unknown one is accepted when the company has it already', async () => {
    company.answers(200, '{"statusCode":"160054","statusMsg":"请求重复"}');

    expect(await send({ repeated: true })).toEqual({ kind: 'accepted', duplicate: true });
    expect(await send()).toMatchObject({ kind: 'rejected', class: 'PERMANENT', scope: 'request', failover: false });
  });
});

describe('what the company can carry', () => {
  const provider = new CcpProvider({
    accountSid: 'sid',
    authToken: 'token',
    appId: 'app',
    templates: ['verification-code:en=2'],
    baseUrl: 'https://app.cloopen.com:8883',
  });
  afterAll(() => provider.close());

  it.each([
    ['+8613800138000', true],
    ['+85291234567', false],
    ['+862012345678', false],
    ['+12025550100', false],
  ])('%s: %s', (to, carried) => {
    expect(provider.supports({ ...MESSAGE, to })).toBe(carried);
  });

  it('is what it has an approved text for', () => {
    const templates = new SmsTemplates(BUILT_IN_TEMPLATES);
    expect(templates.carries(provider, { ...MESSAGE, locale: 'en-GB' })).toBe(true);
    expect(templates.carries(provider, { ...MESSAGE, locale: 'zh-CN' })).toBe(false);
  });
});

describe('the code table', () => {
  const RETRYABLE = { class: 'RETRYABLE', scope: 'provider' };
  const recipient = { class: 'PERMANENT', scope: 'recipient' };
  const request = { class: 'PERMANENT', scope: 'request' };
  const account = { class: 'PERMANENT', scope: 'account' };

  it.each<[codes: string, meaning: object]>([
    ['160038', { class: 'RETRYABLE', scope: 'recipient', retryAfterMs: 60_000 }],
    ['160039 160040 160041 160015 160022 112314', recipient],
    ['160056 160021', recipient],
    ['160042 160013 160044 160045 112300 112306 112316 112319', recipient],
    ['160034 160051 160068 160072 160073 160074 112317', recipient],
    ['160058 160059 160060 160061 160062', { class: 'PERMANENT', scope: 'region' }],
    ['160054', { ...request, failover: false }],
    ['160030 160031 160032 160033 160035 160036 160037 160043 160046 160048 160049 160052 160055 160057', request],
    ['160065 160066 160067 160069 160070 160071 160011 160017 160018 160019 160020 161007', request],
    ['112301 112304 112307 112308 112309 112311 112312 112313 112315 112318 112323 112357', request],
    ['111142 160014 161002 161003', account],
    ['111100 111101 111105 111106 111110 111113 111128 111133 111138 111143 161100 161106 161108', account],
    ['111169 111175 111182 112302 112303 112305 112310 113302 160053 160012', account],
    ['111111 160001 160005 160010 160016 161005 161006 161008 161009 161010 161011 161012 161020', RETRYABLE],
    ['160000 160050 160063 160064 112326 111000 111050 111099 161000 161001 161004 161022 161024', RETRYABLE],
    ['111112 111144 111183 160047 160075 999999', RETRYABLE],
  ])('%s', (codes, meaning) => {
    for (const code of codes.split(' ')) {
      expect([code, classifyCcp(code, false)]).toEqual([code, { kind: 'rejected', ...meaning, code }]);
      if (code !== '160054') expect(classifyCcp(code, true)).toEqual(classifyCcp(code, false));
    }
  });

  it('161021 is unknown: the carrier did not answer the company', () => {
    expect(classifyCcp('161021', false)).toEqual({ kind: 'unknown', code: '161021' });
  });
});

describe('the settings', () => {
  const complete = {
    SMS_CCP_ACCOUNT_SID: '8a216da85f5c89b1015f5d0000000001',
    SMS_CCP_AUTH_TOKEN: '0123456789abcdef0123456789abcdef',
    SMS_CCP_APP_ID: '8a216da85f5c89b1015f5d0000000002',
    SMS_CCP_TEMPLATES: 'verification-code=1, verification-code:en=2',
  };
  const read = (changes: Record<string, string>) => readSettings({ ccp: CcpSettings }, { ...complete, ...changes }).ccp;
  const problemsOf = (changes: Record<string, string>) => {
    try {
      read(changes);
    } catch (error) {
      return (error as SettingsError).problems;
    }
    return [];
  };

  it('are enough to make a provider', async () => {
    const provider = ccp.create(read({}));
    expect(provider.supports(MESSAGE)).toBe(true);
    await provider.close?.();
  });

  it('that are missing are named, each with an example', () => {
    const names = ['SMS_CCP_ACCOUNT_SID', 'SMS_CCP_AUTH_TOKEN', 'SMS_CCP_APP_ID'];
    const problems = problemsOf({ SMS_CCP_ACCOUNT_SID: '', SMS_CCP_AUTH_TOKEN: '', SMS_CCP_APP_ID: '' });
    expect(problems.toSorted()).toEqual(
      names.toSorted().map((name): unknown => expect.stringMatching(`^${name}: is missing; .*Example: ${name}=`)),
    );
  });

  it.each(['verification_code=1', 'verification-code', 'verification-code=one', 'verification-code=1,greeting=2'])(
    'refuse the templates %s and say how they are written',
    (templates) => {
      expect(problemsOf({ SMS_CCP_TEMPLATES: templates })).toEqual([
        expect.stringContaining('it must list name=id or name:locale=id with a number as id; names: verification-code'),
      ]);
    },
  );

  it.each([
    ['https://app.cloopen.com:8883', true],
    ['https://proxy.example/ccp', true],
    ['http://127.0.0.1:3001', true],
    ['http://localhost:3001', true],
    ['http://app.cloopen.com:8883', false],
    ['http://127.0.0.1.example:80', false],
    ['https://user:word@app.cloopen.com', false],
    ['app.cloopen.com', false],
  ])('%s as base URL: %s', (url, legal) => {
    expect(problemsOf({ SMS_CCP_BASE_URL: url })).toHaveLength(legal ? 0 : 1);
  });
});
