import { readSettings } from '@app/common';
import { OneCompany } from '../../../../test/support/one-company.ts';
import type { OutboundSms } from '../sms-provider.ts';
import { AliyunPnvsProvider, AliyunPnvsSettings, aliyunPnvs } from './aliyun-pnvs.provider.ts';

const MESSAGE: OutboundSms = {
  reference: 'abcdefgh',
  repeated: false,
  ttlSeconds: 300,
  to: '+8613800138000',
  template: 'verification-code',
  locale: 'zh-CN',
  params: { code: '123456', minutes: '5' },
  rendered: {
    text: '',
    signature: '某某科技',
    templateId: '100001',
    params: [
      { name: 'code', value: '123456' },
      { name: 'minutes', value: '5' },
    ],
  },
};

describe('S37 SendSmsVerifyCode', () => {
  let company: OneCompany;
  let provider: AliyunPnvsProvider;

  beforeEach(async () => {
    company = new OneCompany();
    provider = new AliyunPnvsProvider({
      accessKeyId: 'key',
      accessKeySecret: 'secret',
      signature: '速通互联验证码',
      templates: ['verification-code=100001'],
      baseUrl: await company.open(),
    });
  });
  afterEach(async () => {
    await provider.close();
    await company.close();
  });
  const send = (changes: Partial<OutboundSms> = {}) =>
    provider.send({ ...MESSAGE, ...changes }, new AbortController().signal);
  const answer = (body: object, status = 200) => company.answers(status, body);

  it('is given our own code, and the signature that the company lends whatever ours is', async () => {
    await send();

    const [{ request }] = company.requests as [(typeof company.requests)[0]];
    expect(request.headers).toMatchObject({
      'x-acs-action': 'SendSmsVerifyCode',
      'x-acs-version': '2017-05-25',
      authorization: expect.stringMatching(/^ACS3-HMAC-SHA256 Credential=key,/),
    });
    expect(Object.fromEntries(new URL(request.url!, 'http://company').searchParams)).toEqual({
      CountryCode: '86',
      PhoneNumber: '13800138000',
      SignName: '速通互联验证码',
      TemplateCode: '100001',
      TemplateParam: '{"code":"123456","min":"5"}',
      OutId: 'abcdefgh',
    });
  });

  // As the company's own example of an answer.
  it('is accepted under the id of the model', async () => {
    answer({
      AccessDeniedDetail: '无',
      Message: '成功 ',
      RequestId: 'CC3BB6D2-2FDF-4321-9DCE-B38165CE4C47',
      Model: {
        VerifyCode: '4232',
        RequestId: 'a3671ccf-0102-4c8e-8797-a3678e091d09',
        OutId: '1231231313',
        BizId: '112231421412414124123^4',
      },
      Code: 'OK',
      Success: true,
    });
    expect(await send()).toEqual({ kind: 'accepted', providerMessageId: '112231421412414124123^4' });
  });

  it.each([
    [{ Code: 'OK', Model: null }, { kind: 'accepted' }],
    [
      { Code: 'biz.FREQUENCY', Message: 'check frequency failed' },
      { kind: 'rejected', class: 'RETRYABLE', scope: 'recipient', code: 'biz.FREQUENCY', retryAfterMs: 60_000 },
    ],
    [
      { Code: 'isv.SMS_SIGNATURE_ILLEGAL' },
      { kind: 'rejected', class: 'PERMANENT', scope: 'request', code: 'isv.SMS_SIGNATURE_ILLEGAL' },
    ],
  ])('%j', async (body, outcome) => {
    answer(body);
    expect(await send()).toEqual(outcome);
  });

  it('knows mainland numbers only', () => {
    expect(provider.supports(MESSAGE)).toBe(true);
    expect(provider.supports({ ...MESSAGE, to: '+85291234567' })).toBe(false);
  });

  it('needs no signature of ours, and takes codes of 4 to 6', () => {
    const { needsSignature, code } = provider.capabilities.approvedTexts!;
    expect(needsSignature).toBeUndefined();
    expect(['1234', '123456'].every((one) => code!.pattern.test(one))).toBe(true);
    expect(['123', '12345678', ''].some((one) => code!.pattern.test(one))).toBe(false);
  });
});

it('is made from its settings, which must be whole', () => {
  const environment = {
    SMS_ALIYUN_PNVS_ACCESS_KEY_ID: 'key',
    SMS_ALIYUN_PNVS_ACCESS_KEY_SECRET: 'secret',
    SMS_ALIYUN_PNVS_SIGNATURE: '速通互联验证码',
    SMS_ALIYUN_PNVS_TEMPLATES: 'verification-code=100001',
  };
  const { pnvs } = readSettings({ pnvs: AliyunPnvsSettings }, environment);
  expect(aliyunPnvs.create(pnvs).name).toBe('aliyun-pnvs');
  expect(() =>
    readSettings(
      { pnvs: AliyunPnvsSettings },
      { ...environment, SMS_ALIYUN_PNVS_TEMPLATES: 'verification-code=SMS_1' },
    ),
  ).toThrow(/SMS_ALIYUN_PNVS_TEMPLATES/);
});
