import { OneCompany } from '../../../../test/support/one-company.ts';
import type { SentRequest, SmsProvider } from '../sms-provider.ts';
import { AliyunProvider, AliyunSettings } from './aliyun.provider.ts';
import { TencentProvider, TencentSettings } from './tencent.provider.ts';
import { TwilioProvider, TwilioSettings } from './twilio.provider.ts';

/** Answers to status queries as the companies document them. */
describe('S52 a status query', () => {
  const SENT: SentRequest = {
    to: '+8615291996666',
    reference: 'abcdefgh',
    text: 'Your code is 123456.',
    notBefore: new Date('2026-11-25T16:00:00Z'),
    notAfter: new Date('2026-11-25T16:00:30Z'),
  };
  const { text: _, ...FORGOTTEN } = SENT;
  let company: OneCompany;
  let url: string;
  let provider: SmsProvider;
  beforeEach(async () => {
    company = new OneCompany();
    url = await company.open();
  });
  afterEach(async () => {
    await provider.close?.();
    await company.close();
  });
  const query = (sent: SentRequest = SENT) => provider.query!(sent, new AbortController().signal);
  const answer = (body: object | string, status = 200) => company.answers(status, body);
  const asked = () => company.requests.map(({ request }) => new URL(request.url!, url));

  describe('at Twilio', () => {
    const ACCOUNT = `AC${'0'.repeat(32)}`;
    const message = (more: object = {}) => ({
      account_sid: ACCOUNT,
      api_version: '2010-04-01',
      body: SENT.text,
      date_created: 'Wed, 25 Nov 2026 16:00:05 +0000',
      date_sent: null,
      direction: 'outbound-api',
      error_code: null,
      sid: 'SM1',
      status: 'queued',
      to: SENT.to,
      ...more,
    });
    beforeEach(() => {
      const account = { accountSid: ACCOUNT, authToken: 'token', from: '+12025550199', baseUrl: url };
      provider = new TwilioProvider(Object.assign(new TwilioSettings(), account));
    });

    it('asks for the list of the number since that day', async () => {
      answer({ messages: [] });
      expect(await query()).toEqual({ kind: 'absent' });

      const [{ request }] = company.requests as [(typeof company.requests)[0]];
      expect(request.method).toBe('GET');
      expect(request.headers.authorization).toMatch(/^Basic /);
      const [{ pathname, searchParams }] = asked() as [URL];
      expect(pathname).toBe(`/2010-04-01/Accounts/${ACCOUNT}/Messages.json`);
      expect(Object.fromEntries(searchParams)).toEqual({ To: SENT.to, 'DateSent>': '2026-11-25', PageSize: '50' });
    });

    it.each([
      ['queued', null, { status: 'accepted' }],
      ['sent', null, { status: 'accepted' }],
      ['delivered', null, { status: 'delivered' }],
      ['undelivered', 30003, { status: 'undelivered', errorCode: '30003' }],
      ['failed', null, { status: 'undelivered' }],
    ])('%s', async (status, errorCode, found) => {
      answer({ messages: [message({ status, error_code: errorCode })] });
      expect(await query()).toEqual({ kind: 'found', providerMessageId: 'SM1', ...found });
    });

    it.each([
      ['other words', { body: 'Your code is 654321.' }],
      ['a text from the number', { direction: 'inbound' }],
      ['another number', { to: '+8615291996667' }],
      ['an older one', { date_created: 'Wed, 25 Nov 2026 15:59:59 +0000' }],
      ['a later one', { date_created: 'Wed, 25 Nov 2026 16:00:31 +0000' }],
      ['one without a time', { date_created: null }],
    ])('is not deceived by %s', async (_what, more) => {
      answer({ messages: [message(more), null] });
      expect(await query()).toEqual({ kind: 'absent' });
    });

    it('without the words it must be the only one of its time', async () => {
      answer({ messages: [message({ body: 'a' })] });
      expect(await query(FORGOTTEN)).toMatchObject({ kind: 'found', providerMessageId: 'SM1' });
      answer({ messages: [message({ body: 'a' }), message({ body: 'b', sid: 'SM2' })] });
      expect(await query(FORGOTTEN)).toEqual({ kind: 'absent' });
    });

    it('asks for the text itself where its id is known', async () => {
      answer(message({ status: 'delivered' }));
      expect(await query({ ...FORGOTTEN, providerMessageId: 'SM1' })).toMatchObject({ status: 'delivered' });
      answer({ code: 20404, message: 'not found', status: 404 }, 404);
      expect(await query({ ...FORGOTTEN, providerMessageId: 'SM1' })).toEqual({ kind: 'absent' });
      expect(asked()[0]!.pathname).toBe(`/2010-04-01/Accounts/${ACCOUNT}/Messages/SM1.json`);
    });

    it.each([
      [{ code: 20003 }, 401, 'http-401'],
      ['nonsense', 200, 'unreadable-answer'],
      [{ messages: [message({ sid: null })] }, 200, 'unreadable-answer'],
    ])('%j is no answer', async (body, status, code) => {
      answer(body, status);
      expect(await query()).toEqual({ kind: 'failed', code });
    });
  });

  describe('at Aliyun', () => {
    beforeEach(() => {
      const account = { accessKeyId: 'key', accessKeySecret: 'secret', baseUrl: url };
      provider = new AliyunProvider(Object.assign(new AliyunSettings(), account));
    });
    const details = (...list: object[]) => ({
      TotalCount: String(list.length),
      Message: 'OK',
      RequestId: '819BE656-D2E0-4858-8B21-B2E477085AAF',
      Code: 'OK',
      SmsSendDetailDTOs: { SmsSendDetailDTO: list },
    });
    const detail = (more: object = {}) => ({
      ErrCode: 'DELIVERED',
      TemplateCode: 'SMS_12231',
      OutId: SENT.reference,
      ReceiveDate: '2026-11-26 00:00:13',
      SendDate: '2026-11-26 00:00:10',
      PhoneNum: '15291996666',
      Content: '【阿里云】验证码为：123456',
      SendStatus: 3,
      ...more,
    });

    it('asks for the day in China, and for both where midnight is near', async () => {
      answer(details());
      expect(await query({ ...SENT, notBefore: new Date('2026-11-25T15:59:55Z') })).toEqual({ kind: 'absent' });
      const [before, after] = asked().map(({ searchParams }) => Object.fromEntries(searchParams));
      const common = { PhoneNumber: '15291996666', PageSize: '50', CurrentPage: '1' };
      expect(before).toEqual({ ...common, SendDate: '20261125' });
      expect(after).toEqual({ ...common, SendDate: '20261126' });
      expect(company.requests[0]!.request.headers['x-acs-action']).toBe('QuerySendDetails');
    });

    it.each([
      [{ SendStatus: 1, ErrCode: undefined }, { status: 'accepted' }],
      [{}, { status: 'delivered' }],
      [
        { SendStatus: 2, ErrCode: 'MK:0001' },
        { status: 'undelivered', errorCode: 'MK:0001' },
      ],
    ])('%j', async (more, found) => {
      answer(details(detail({ OutId: 'another' }), detail(more)));
      expect(await query()).toEqual({ kind: 'found', ...found });
    });

    it('names the id that is known', async () => {
      answer(details(detail()));
      expect(await query({ ...SENT, providerMessageId: '9006^0' })).toMatchObject({ providerMessageId: '9006^0' });
      expect(asked()[0]!.searchParams.get('BizId')).toBe('9006^0');
    });

    it('a count without a list is absence: such answers have been seen', async () => {
      answer({ ...details(), TotalCount: 2 });
      expect(await query()).toEqual({ kind: 'absent' });
    });

    it.each([
      [{ Code: 'isp.RAM_PERMISSION_DENY', Message: 'm' }, 200, 'isp.RAM_PERMISSION_DENY'],
      [{ Code: 'SignatureDoesNotMatch' }, 400, 'SignatureDoesNotMatch'],
      ['', 503, 'http-503'],
      [{ Code: 'OK' }, 200, 'unreadable-answer'],
    ])('%j is no answer', async (body, status, code) => {
      answer(body, status);
      expect(await query()).toEqual({ kind: 'failed', code });
    });
  });

  describe('at Tencent Cloud', () => {
    const NOW = new Date('2026-11-25T16:00:40.500Z');
    beforeEach(() => {
      const account = { secretId: 'id', secretKey: 'key', appId: '1400006666', baseUrl: url };
      provider = new TencentProvider(Object.assign(new TencentSettings(), account), () => NOW);
    });
    const status = (more: object = {}) => ({
      Description: 'DELIVRD',
      CountryCode: '86',
      SubscriberNumber: '15291996666',
      ReportStatus: 'SUCCESS',
      PhoneNumber: '+8615291996666',
      SerialNo: '14:19325917feb3914eb78b50d6182d7e452e',
      UserReceiveTime: 1620734188,
      SessionContext: '',
      ...more,
    });
    const list = (...set: object[]) => ({ Response: { PullSmsSendStatusSet: set, RequestId: 'r' } });

    it('asks for what the number got since then', async () => {
      answer(list());
      expect(await query()).toEqual({ kind: 'absent' });

      const [{ request, body }] = company.requests as [(typeof company.requests)[0]];
      expect(request.headers).toMatchObject({
        'x-tc-action': 'PullSmsSendStatusByPhoneNumber',
        'x-tc-version': '2021-01-11',
      });
      expect(JSON.parse(body)).toEqual({
        BeginTime: SENT.notBefore.getTime() / 1000,
        EndTime: Math.floor(NOW.getTime() / 1000),
        Offset: 0,
        Limit: 100,
        PhoneNumber: SENT.to,
        SmsSdkAppId: '1400006666',
      });
    });

    it('finds it by our reference, where the company gives it back, or by its own id', async () => {
      const id = { providerMessageId: status().SerialNo };
      answer(list(status({ SerialNo: '14:0', SessionContext: 'another' }), status({ SessionContext: SENT.reference })));
      expect(await query()).toEqual({ kind: 'found', status: 'delivered', ...id });
      answer(list(status({ SerialNo: '14:0' }), status({ ReportStatus: 'FAIL', Description: '-106' })));
      expect(await query({ ...SENT, ...id })).toEqual({
        kind: 'found',
        status: 'undelivered',
        errorCode: '-106',
        ...id,
      });
    });

    it('finds nothing where the company gives back no reference', async () => {
      answer(list(status()));
      expect(await query()).toEqual({ kind: 'absent' });
    });

    it.each([
      [{ Response: { Error: { Code: 'AuthFailure.SignatureFailure' } } }, 200, 'AuthFailure.SignatureFailure'],
      [{ Response: {} }, 200, 'unreadable-answer'],
      ['', 502, 'http-502'],
    ])('%j is no answer', async (body, httpStatus, code) => {
      answer(body, httpStatus);
      expect(await query()).toEqual({ kind: 'failed', code });
    });
  });
});
