import { readSettings } from '@app/common';
import { readFileSync } from 'node:fs';
import { OneCompany } from '../../../../test/support/one-company.ts';
import type { OutboundSms } from '../sms-provider.ts';
import { meaningOfTencent, signTc3, tencent, TencentProvider, TencentSettings } from './tencent.provider.ts';

/** Each is labelled with its source: three revisions of the company's documentation, and its SDK's output. */
interface Vector {
  name: string;
  inputs?: Record<'secretId' | 'secretKey' | 'host' | 'service' | 'action' | 'payload' | 'contentType', string> & {
    timestamp: number;
    signedHeaders?: string;
  };
  expected?: { signature?: string; authorization?: string };
  headersAlsoNeeded?: Record<string, string>;
}
const vectors = JSON.parse(readFileSync(new URL('./tencent-vectors.json', import.meta.url), 'utf8')) as Vector[];
const sms = vectors.find(({ name }) => name === 'TC3 SMS SendSms')!;

describe('the signature', () => {
  it.each(vectors.filter(({ name }) => name.startsWith('TC3')))('$name', ({ inputs, expected }) => {
    const { secretId, secretKey, host, service, action, payload, contentType, timestamp, signedHeaders } = inputs!;
    const headers = {
      'content-type': contentType,
      host,
      ...(signedHeaders?.includes('x-tc-action') && { 'x-tc-action': action }),
    };
    const authorization = signTc3({ secretId, secretKey, service, headers, body: payload, timestamp });

    if (expected!.authorization) expect(authorization).toBe(expected!.authorization);
    else expect(authorization).toMatch(new RegExp(`Signature=${expected!.signature}$`));
  });
});

describe('a request', () => {
  let company: OneCompany;
  let provider: TencentProvider;
  const { secretId, secretKey, timestamp, payload } = sms.inputs!;
  const MESSAGE: OutboundSms = {
    reference: 'req01J0',
    repeated: false,
    ttlSeconds: 300,
    to: '+8613711112222',
    template: 'verification-code',
    locale: 'zh-CN',
    params: { code: '123456', minutes: '5' },
    rendered: {
      text: '',
      signature: '腾讯云',
      templateId: '1234',
      params: [
        { name: 'code', value: '123456' },
        { name: 'minutes', value: '5' },
      ],
    },
  };

  beforeEach(async () => {
    company = new OneCompany();
    const settings = { secretId, secretKey, appId: '1400006666', templates: [], region: 'ap-guangzhou', abroad: false };
    provider = new TencentProvider(
      { ...settings, baseUrl: await company.open() },
      () => new Date(timestamp * 1000 + 999),
    );
  });
  afterEach(async () => {
    await provider.close();
    await company.close();
  });
  const send = () => provider.send(MESSAGE, new AbortController().signal);
  const ofNumber = (status: object) => ({ Response: { SendStatusSet: [status], RequestId: 'r' } });
  const ofRequest = (Code: string) => ({ Response: { Error: { Code, Message: 'm' }, RequestId: 'r' } });

  it('says what the documented one says, signed for the very bytes', async () => {
    await send();

    const { request, body } = company.asked;
    expect([request.method, request.url]).toEqual(['POST', '/']);
    expect(JSON.parse(body)).toEqual({ ...(JSON.parse(payload) as object), SessionContext: 'req01J0' });
    const needed = Object.entries(sms.headersAlsoNeeded!).map(([name, value]) => [name.toLowerCase(), value]);
    expect(request.headers).toMatchObject(Object.fromEntries(needed));
    const { host = '', 'content-type': type = '' } = request.headers;
    const signed = { 'content-type': type, host };
    expect(request.headers.authorization).toBe(
      signTc3({ secretId, secretKey, service: 'sms', headers: signed, body, timestamp }),
    );
  });

  const BUSY = { kind: 'rejected', class: 'RETRYABLE', scope: 'provider' };
  it.each<[what: string, status: number, body: object | string, outcome: object]>([
    [
      'accepted',
      200,
      ofNumber({ SerialNo: '2640:1', Fee: 1, Code: 'Ok', Message: 'send success' }),
      { kind: 'accepted', providerMessageId: '2640:1' },
    ],
    ['accepted without an id', 200, ofNumber({ SerialNo: '', Code: 'Ok' }), { kind: 'accepted' }],
    [
      'the number refused, in an answer that is fine',
      200,
      ofNumber({ SerialNo: '', Code: 'FailedOperation.PhoneNumberInBlacklist' }),
      { kind: 'rejected', scope: 'recipient' },
    ],
    ['the request refused', 200, ofRequest('AuthFailure.SecretIdNotFound'), { kind: 'rejected', scope: 'account' }],
    [
      'both',
      200,
      { Response: { Error: { Code: 'ServiceUnavailable' }, SendStatusSet: [{ Code: 'Ok', SerialNo: '1' }] } },
      BUSY,
    ],
    [
      'nobody knows whether it was sent',
      200,
      ofRequest('InternalError.Timeout'),
      { kind: 'unknown', code: 'InternalError.Timeout' },
    ],
    ...['SendAndRecvFail', 'ParseBackendResponseFail', 'UnknownError'].map((end): [string, number, object, object] => [
      `the carrier may have had it (${end})`,
      200,
      ofRequest(`InternalError.${end}`),
      { kind: 'unknown', code: `InternalError.${end}` },
    ]),
    ['moved', 308, '', { kind: 'rejected', class: 'PERMANENT', scope: 'account', code: 'http-308' }],
    ['an id beyond all measure', 200, ofNumber({ SerialNo: 'x'.repeat(129), Code: 'Ok' }), { kind: 'accepted' }],
    ['a new code of the request', 200, ofRequest('New.Code'), { ...BUSY, code: 'New.Code' }],
    ['a new code of the number', 200, ofNumber({ Code: 'New.Code' }), { ...BUSY, code: 'New.Code' }],
    [
      'no number in it',
      200,
      { Response: { SendStatusSet: [], RequestId: 'r' } },
      { kind: 'unknown', code: 'unreadable-answer' },
    ],
    ['nothing in it', 200, { Response: { RequestId: 'r' } }, { kind: 'unknown', code: 'unreadable-answer' }],
    ['a code that is a number', 200, ofNumber({ Code: '13711112222' }), { kind: 'unknown', code: 'unreadable-answer' }],
    ['no JSON', 200, 'ok', { kind: 'unknown', code: 'unreadable-answer' }],
    ['an accident', 500, '<html>', { kind: 'unknown', code: 'http-500' }],
    ['an accident that says Ok', 502, ofNumber({ Code: 'Ok' }), { kind: 'unknown', code: 'http-502' }],
    ['somebody in front', 403, '<html>', { ...BUSY, code: 'http-403', alert: true }],
  ])('answered with %s', async (_what, status, body, outcome) => {
    company.answers(status, body);
    expect(await send()).toMatchObject(outcome);
  });

  it('heeds Retry-After', async () => {
    company.answers(200, ofRequest('RequestLimitExceeded.IPLimitExceeded'), { 'retry-after': '9' });
    expect(await send()).toMatchObject({ class: 'RETRYABLE', retryAfterMs: 9000 });
    company.answers(200, ofRequest('AuthFailure.SecretIdNotFound'), { 'retry-after': '9' });
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
    ['LimitExceeded.PhoneNumberThirtySecondLimit', soon(30)],
    ['LimitExceeded.PhoneNumberOneHourLimit', soon(3600)],
    [
      'LimitExceeded.PhoneNumberDailyLimit LimitExceeded.PhoneNumberSameContentDailyLimit LimitExceeded.DeliveryFrequencyLimit',
      recipient,
    ],
    ['FailedOperation.PhoneNumberInBlacklist InvalidParameterValue.IncorrectPhoneNumber', recipient],
    ['UnsupportedOperation.UnsupportedRegion', region],
    ['FailedOperation.TemplateIncorrectOrUnapproved FailedOperation.SignatureIncorrectOrUnapproved', request],
    [
      'FailedOperation.ContainSensitiveWord FailedOperation.FailResolvePacket InvalidParameterValue.ContentLengthLimit',
      request,
    ],
    [
      'InvalidParameterValue.ProhibitedUseUrlInTemplateParameter InvalidParameterValue.TemplateParameterLengthLimit',
      request,
    ],
    ['FailedOperation.InsufficientBalanceInSmsPackage LimitExceeded.AppDailyLimit UnauthorizedOperation', account],
    ['UnauthorizedOperation.RequestIpNotInWhitelist UnauthorizedOperation.SmsSdkAppIdVerifyFail', account],
    ['AuthFailure.SignatureExpire AuthFailure.SignatureFailure InvalidParameterValue.SdkAppIdNotExist', account],
    ['RequestLimitExceeded RequestLimitExceeded.UinLimitExceeded ServiceUnavailable', busy],
    ['InternalError.OtherError InternalError.SigFieldMissing InternalError.SigVerificationFail', busy],
    ['FailedOperation.TemplateUnapprovedOrNotExist FailedOperation.TemplateParamSetNotMatchApprovedTemplate', request],
    ['InvalidParameter.AppidAndBizId MissingParameter.EmptyPhoneNumberSet InvalidParameterValue.New', request],
    ['LimitExceeded.AppMainlandChinaDailyLimit LimitExceeded.DailyLimit InternalError.RequestTimeException', account],
    ['UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone UnsupportedOperation', region],
    ['InternalError.Timeout InternalError.SendAndRecvFail SomethingElse Ok LimitExceeded.New', undefined],
  ])('%s', (codes, meaning) => {
    for (const code of codes.split(' ')) expect([code, meaningOfTencent(code)]).toEqual([code, meaning]);
  });
});

describe('the settings', () => {
  const complete = {
    SMS_TENCENT_SECRET_ID: 'AKIDExample',
    SMS_TENCENT_SECRET_KEY: 's3cret',
    SMS_TENCENT_APP_ID: '1400006666',
  };
  const read = (changes: Record<string, string>) =>
    readSettings({ tencent: TencentSettings }, { ...complete, ...changes }).tencent;

  it('are enough to make a provider, for the mainland unless told otherwise', async () => {
    const at = async (changes: Record<string, string>) => {
      const provider = tencent.create(read(changes));
      await provider.close?.();
      const about = { template: 'verification-code', locale: 'en', params: {} };
      return ['+8613800138000', '+85291234567'].map((to) => provider.supports({ ...about, to }));
    };
    expect(await at({})).toEqual([true, false]);
    expect(await at({ SMS_TENCENT_ABROAD: 'true' })).toEqual([true, true]);
  });

  it.each([
    [{ SMS_TENCENT_SECRET_ID: '' }, /SMS_TENCENT_SECRET_ID: is missing/],
    [{ SMS_TENCENT_APP_ID: 'app' }, /SMS_TENCENT_APP_ID: it must be digits/],
    [{ SMS_TENCENT_TEMPLATES: 'verification-code=SMS_1' }, /SMS_TENCENT_TEMPLATES: .* with a number as id/],
    [{ SMS_TENCENT_REGION: 'Guangzhou!' }, /it must be small letters, digits and dashes/],
    [{ SMS_TENCENT_BASE_URL: 'http://sms.tencentcloudapi.com' }, /it must be an https URL, or http on loopback/],
  ])('%j is refused', (changes, sentence) => expect(() => read(changes)).toThrow(sentence));
});
