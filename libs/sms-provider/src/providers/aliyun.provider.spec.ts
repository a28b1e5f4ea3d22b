import { readSettings } from '@app/common';
import { readFileSync } from 'node:fs';
import { OneCompany } from '../../../../test/support/one-company.ts';
import type { OutboundSms } from '../sms-provider.ts';
import { classifyAliyun, signAcs3 } from '../aliyun-api.ts';
import { aliyun, AliyunProvider, AliyunSettings } from './aliyun.provider.ts';

/** Each is labelled with its source: the company's documentation, its SDK's output, requests of its SDK that were captured. */
interface Vector {
  name: string;
  inputs?: {
    sameAs?: number;
    accessKeyId?: string;
    accessKeySecret?: string;
    query?: Record<string, string>;
    headers?: Record<string, string>;
    body?: string;
    [header: `x-acs-${string}`]: string;
  };
  expected?: {
    signature?: string;
    authorization?: string;
    canonicalQuery?: string;
    method?: string;
    url?: string;
    headers?: Record<string, string>;
  };
  body?: string;
}
const vectors = JSON.parse(readFileSync(new URL('./aliyun-vectors.json', import.meta.url), 'utf8')) as Vector[];
const named = (start: string) => vectors.find(({ name }) => name.startsWith(start))!;

const RENDERED = {
  text: '',
  signature: '阿里云短信测试',
  templateId: 'SMS_154950909',
  params: [{ name: 'code', value: '123456' }],
};
const MESSAGE: OutboundSms = {
  reference: 'abcdefgh',
  repeated: false,
  ttlSeconds: 300,
  to: '+8613800138000',
  template: 'verification-code',
  locale: 'zh-CN',
  params: { code: '123456', minutes: '5' },
  rendered: RENDERED,
};

describe('the signature', () => {
  it.each(vectors.filter(({ name }) => name.startsWith('ACS3')))('$name', ({ inputs, expected }) => {
    // The second example is the first one at another moment.
    const { sameAs, ...own } = inputs!;
    const base = sameAs === undefined ? own : vectors[sameAs]!.inputs!;
    const changes = sameAs === undefined ? {} : (own as unknown as Record<string, string>);
    const { headers, query } = signAcs3({
      accessKeyId: base.accessKeyId!,
      accessKeySecret: base.accessKeySecret!,
      query: base.query!,
      headers: { ...base.headers!, ...changes },
      body: base.body!,
    });

    if (expected!.canonicalQuery) expect(query).toBe(expected!.canonicalQuery);
    if (expected!.authorization) expect(headers.authorization).toBe(expected!.authorization);
    else expect(headers.authorization).toMatch(new RegExp(`,Signature=${expected!.signature}$`));
  });

  it("of a whole request of the company's SDK, which signs a header more", () => {
    const { inputs, expected } = named('whole SendSms');
    const { authorization, accept: _, ...signed } = expected!.headers!;
    const query = Object.fromEntries(new URL(expected!.url!, 'http://x').searchParams);
    const { 'x-acs-content-sha256': hash, ...given } = signed;

    const { headers, query: sent } = signAcs3({
      accessKeyId: inputs!.accessKeyId!,
      accessKeySecret: inputs!.accessKeySecret!,
      query,
      headers: given,
      body: '',
    });

    expect(headers).toEqual({ ...given, 'x-acs-content-sha256': hash, authorization });
    expect(`/?${sent}`).toBe(expected!.url);
  });
});

describe('a request', () => {
  let company: OneCompany;
  let provider: AliyunProvider;
  let baseUrl: string;

  beforeEach(async () => {
    company = new OneCompany();
    baseUrl = await company.open();
    const settings = {
      accessKeyId: 'testAccessKeyId',
      accessKeySecret: 'testAccessKeySecret',
      templates: [],
      abroad: true,
      baseUrl,
    };
    provider = new AliyunProvider(
      settings,
      () => new Date('2026-11-23T17:08:01.987Z'),
      () => 'nonce',
    );
  });
  afterEach(async () => {
    await provider.close();
    await company.close();
  });
  const send = (changes: Partial<OutboundSms> = {}) =>
    provider.send({ ...MESSAGE, ...changes }, new AbortController().signal);

  it("is that of the company's SDK", async () => {
    await send();

    const { expected } = named('whole SendSms');
    const { request, body } = company.asked;
    expect([request.method, request.url, body]).toEqual([expected!.method, expected!.url, '']);
    const {
      'x-acs-credentials-provider': _,
      authorization: _a,
      host: _h,
      'x-acs-signature-nonce': _n,
      ...headers
    } = expected!.headers!;
    expect(request.headers).toMatchObject({ ...headers, 'x-acs-signature-nonce': 'nonce' });
    expect(request.headers.authorization).toContain(
      'SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version',
    );
  });

  it.each([
    ['+8613800138000', '13800138000'],
    ['+85291234567', '85291234567'],
    ['+14155552671', '14155552671'],
  ])('to %s names %s', async (to, number) => {
    await send({ to });
    expect(new URL(company.asked.request.url!, 'http://x').searchParams.get('PhoneNumbers')).toBe(number);
  });

  it('has values that are texts, and survives what an address cannot hold', async () => {
    await send({ rendered: { ...RENDERED, signature: "a b!'()*~+&=", params: [{ name: 'c', value: '000123' }] } });
    const { searchParams, search } = new URL(company.asked.request.url!, 'http://x');
    expect(searchParams.get('TemplateParam')).toBe('{"c":"000123"}');
    expect(search).toContain('SignName=a%20b%21%27%28%29%2A~%2B%26%3D');
  });

  it('has a nonce of its own each time', async () => {
    const usual = new AliyunProvider({ ...new AliyunSettings(), accessKeySecret: 'secret', baseUrl });
    for (let n = 0; n < 2; n++) await usual.send(MESSAGE, new AbortController().signal);
    await usual.close();

    const nonces = company.requests.map(({ request }) => request.headers['x-acs-signature-nonce']);
    expect(nonces).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    expect(nonces[0]).not.toBe(nonces[1]);
  });

  it('is accepted with the documented body', async () => {
    company.answers(200, named('SendSms success').body);
    expect(await send()).toEqual({ kind: 'accepted', providerMessageId: '900619746936498440^0' });
  });

  const BUSY = { kind: 'rejected', class: 'RETRYABLE', scope: 'provider' };
  it.each<[status: number, body: object | string, outcome: object]>([
    [200, 'ok', { kind: 'unknown', code: 'unreadable-answer' }],
    [200, '', { kind: 'unknown', code: 'unreadable-answer' }],
    [200, 'null', { kind: 'unknown', code: 'unreadable-answer' }],
    [200, { Code: 7 }, { kind: 'unknown', code: 'unreadable-answer' }],
    [200, { Code: '13800138000' }, { kind: 'unknown', code: 'unreadable-answer' }],
    [200, { Code: `a${'b'.repeat(64)}` }, { kind: 'unknown', code: 'unreadable-answer' }],
    [200, { Code: 'OK' }, { kind: 'accepted' }],
    [503, { Code: 'OK' }, { kind: 'unknown', code: 'http-503' }],
    [500, '<html>', { kind: 'unknown', code: 'http-500' }],
    [503, { Code: 'ServiceUnavailable' }, { kind: 'unknown', code: 'http-503' }],
    [503, { Code: 'Throttling.User' }, { ...BUSY, code: 'Throttling.User' }],
    [302, '', { kind: 'unknown', code: 'http-302' }],
    [403, '<html>', { ...BUSY, code: 'http-403', alert: true }],
    [400, { Code: 'New.Code' }, { ...BUSY, code: 'New.Code' }],
    [200, { Code: 'isp.NEW' }, { ...BUSY, code: 'isp.NEW' }],
    [
      200,
      { Code: 'isv.BUSINESS_LIMIT_CONTROL', Message: '触发小时级流控Permits:5' },
      { scope: 'recipient', retryAfterMs: 3_600_000 },
    ],
  ])('answered with %i %j', async (status, body, outcome) => {
    company.answers(status, body);
    expect(await send()).toMatchObject(outcome);
  });

  it('heeds Retry-After where coming back may help', async () => {
    const headers = { 'retry-after': '17' };
    company.answers(429, { Code: 'Throttling.User' }, headers);
    expect(await send()).toMatchObject({ class: 'RETRYABLE', retryAfterMs: 17_000 });
    company.answers(429, '', headers);
    expect(await send()).toMatchObject({ code: 'http-429', retryAfterMs: 17_000 });
    company.answers(403, { Code: 'isv.AMOUNT_NOT_ENOUGH' }, headers);
    expect(await send()).not.toHaveProperty('retryAfterMs');
  });
});

describe('the code table', () => {
  const soon = (seconds: number) => ({ class: 'RETRYABLE', scope: 'recipient', retryAfterMs: seconds * 1000 });
  const recipient = { class: 'PERMANENT', scope: 'recipient' };
  const region = { class: 'PERMANENT', scope: 'region' };
  const request = { class: 'PERMANENT', scope: 'request' };
  const account = { class: 'PERMANENT', scope: 'account' };
  const busy = { class: 'RETRYABLE', scope: 'provider' };

  it.each<[codes: string, meaning: object | undefined]>([
    ['isv.BUSINESS_LIMIT_CONTROL BUSINESS_LIMIT_CONTROL_MINUTE BUSINESS_LIMIT_CONTROL_PHONE', soon(60)],
    ['isv.BUSINESS_LIMIT_HOUR', soon(3600)],
    [
      'isv.BUSINESS_LIMIT_DAY isv.MOBILE_NUMBER_ILLEGAL isv.PHONE_NUMBER_ILLEGAL isv.MOBILE_COUNT_OVER_LIMIT',
      recipient,
    ],
    ['isv.DOMESTIC_NUMBER_NOT_SUPPORTED isv.NOT_SUPPORTED_COUNTRY isv.COUNTRY_RESTRICTED', region],
    [
      'isv.SMS_TEMPLATE_ILLEGAL isv.SMS_SIGNATURE_ILLEGAL isv.SMS_SIGNATURE_SCENE_ILLEGAL isv.SIGN_STATE_ILLEGAL',
      request,
    ],
    ['isv.SMS_SIGN_ILLEGAL isv.EXTEND_CODE_ERROR isv.TEMPLATE_MISSING_PARAMETERS isv.INVALID_PARAMETERS', request],
    ['isv.INVALID_JSON_PARAM isv.PARAM_LENGTH_LIMIT isv.PARAM_NOT_SUPPORT_URL isv.BLACK_KEY_CONTROL_LIMIT', request],
    ['isv.SMS_CONTENT_ILLEGAL', request],
    [
      'isv.AMOUNT_NOT_ENOUGH isv.OUT_OF_SERVICE isv.DAY_LIMIT_CONTROL isv.MONTH_LIMIT_CONTROL isv.ACCOUNT_NOT_EXISTS',
      account,
    ],
    [
      'isv.ACCOUNT_ABNORMAL isv.PRODUCT_UN_SUBSCRIPT isv.PRODUCT_UNSUBSCRIBE isp.RAM_PERMISSION_DENY isv.DENY_IP_RANGE',
      account,
    ],
    ['SignatureDoesNotMatch InvalidAccessKeyId.NotFound InvalidAccessKeyId.Inactive InvalidTimeStamp.Expired', account],
    ['isp.SYSTEM_ERROR isp.GATEWAY_ERROR Throttling Throttling.User Throttling.Api', busy],
    ['isv.SMS_CONTENT_MISMATCH_TEMPLATE_TYPE isv.SMS_TEST_NUMBER_LIMIT template_parameter_count_illegal', request],
    ['isp.SOMETHING Thrott OK', undefined],
  ])('%s', (codes, meaning) => {
    for (const code of codes.split(' ')) expect([code, classifyAliyun(code, '')]).toEqual([code, meaning]);
  });

  it.each([
    ['触发分钟级流控Permits:1', soon(60)],
    ['触发小时级流控Permits:5', soon(3600)],
    ['触发天级流控Permits:10', recipient],
  ])('a flow control that says %s', (message, meaning) => {
    expect(classifyAliyun('isv.BUSINESS_LIMIT_CONTROL', message)).toEqual(meaning);
  });
});

describe('the settings', () => {
  const complete = { SMS_ALIYUN_ACCESS_KEY_ID: 'LTAI5tExample', SMS_ALIYUN_ACCESS_KEY_SECRET: 's3cret' };
  const read = (changes: Record<string, string>) =>
    readSettings({ aliyun: AliyunSettings }, { ...complete, ...changes }).aliyun;

  it('are enough to make a provider, for the mainland unless told otherwise', async () => {
    const at = async (changes: Record<string, string>) => {
      const provider = aliyun.create(read(changes));
      await provider.close?.();
      return ['+8613800138000', '+85291234567'].map((to) => provider.supports({ ...MESSAGE, to }));
    };
    expect(await at({})).toEqual([true, false]);
    expect(await at({ SMS_ALIYUN_ABROAD: 'true' })).toEqual([true, true]);
  });

  it.each([
    [{ SMS_ALIYUN_ACCESS_KEY_ID: '' }, /SMS_ALIYUN_ACCESS_KEY_ID: is missing/],
    [{ SMS_ALIYUN_ACCESS_KEY_SECRET: 'a b' }, /SMS_ALIYUN_ACCESS_KEY_SECRET: it must not be empty or hold spaces/],
    [{ SMS_ALIYUN_TEMPLATES: 'verification-code=1' }, /SMS_ALIYUN_TEMPLATES: .* with SMS_ and digits as id/],
    [{ SMS_ALIYUN_BASE_URL: 'http://dysmsapi.aliyuncs.com' }, /it must be an https URL, or http on loopback/],
  ])('%j is refused', (changes, sentence) => expect(() => read(changes)).toThrow(sentence));
});
