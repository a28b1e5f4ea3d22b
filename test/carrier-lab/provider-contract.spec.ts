import {
  DEMO_ALIYUN,
  DEMO_ALIYUN_PNVS,
  DEMO_CCP,
  DEMO_TENCENT,
  DEMO_TWILIO,
  DEMO_WEBHOOK,
} from '../../apps/carrier-lab/src/carrier-lab.config.ts';
import { AliyunPnvsProvider } from '../../libs/sms-provider/src/providers/aliyun-pnvs.provider.ts';
import { AliyunProvider } from '../../libs/sms-provider/src/providers/aliyun.provider.ts';
import { CcpProvider } from '../../libs/sms-provider/src/providers/ccp.provider.ts';
import { TencentProvider } from '../../libs/sms-provider/src/providers/tencent.provider.ts';
import { TwilioProvider } from '../../libs/sms-provider/src/providers/twilio.provider.ts';
import { WebhookProvider } from '../../libs/sms-provider/src/providers/webhook.provider.ts';
import { providerContract } from './provider-contract.suite.ts';

const ccpAt = (url: string, changes: object = {}) =>
  new CcpProvider({ ...DEMO_CCP, templates: [...DEMO_CCP.templates], ...changes, baseUrl: url });
const aliyunAt = (url: string, changes: object = {}, now?: () => Date) =>
  new AliyunProvider(
    { ...DEMO_ALIYUN, templates: [...DEMO_ALIYUN.templates], abroad: false, ...changes, baseUrl: `${url}/aliyun` },
    now,
  );
const pnvsAt = (url: string, changes: object = {}, now?: () => Date) =>
  new AliyunPnvsProvider(
    { ...DEMO_ALIYUN_PNVS, templates: [...DEMO_ALIYUN_PNVS.templates], ...changes, baseUrl: `${url}/aliyun-pnvs` },
    now,
  );
const tencentAt = (url: string, changes: object = {}, now?: () => Date) =>
  new TencentProvider(
    {
      ...DEMO_TENCENT,
      templates: [...DEMO_TENCENT.templates],
      region: 'ap-guangzhou',
      abroad: false,
      ...changes,
      baseUrl: `${url}/tencent`,
    },
    now,
  );
const twilioAt = (url: string, changes: object = {}) =>
  new TwilioProvider({ ...DEMO_TWILIO, ...changes, baseUrl: url });
const webhookAt = (url: string, changes: object = {}, now?: () => Date) =>
  new WebhookProvider({ ...DEMO_WEBHOOK, prefixes: [], ...changes, url: `${url}/webhook/texts` }, now);
const anHourAgo = () => new Date(Date.now() - 3_600_000);

providerContract({
  name: 'ccp',
  to: '+8613800138000',
  at: ccpAt,
  strangers: [
    { what: 'token', at: (url) => ccpAt(url, { authToken: 'wrong' }), code: '161100' },
    { what: 'account', at: (url) => ccpAt(url, { accountSid: 'ffff0000' }), code: '161100' },
    { what: 'application', at: (url) => ccpAt(url, { appId: 'wrong' }), code: '111181' },
  ],
  codes: { busy: '160050', 'invalid-number': '160042', 'too-soon': '160038', 'no-balance': '111142' },
  tooSoonMs: 60_000,
  ofRequest: ['112311', '112357', '160032'],
  text: '【Otpost】您的验证码是123456，请于5分钟内正确输入',
});

providerContract({
  name: 'aliyun',
  to: '+8613800138000',
  at: aliyunAt,
  strangers: [
    { what: 'secret', at: (url) => aliyunAt(url, { accessKeySecret: 'wrong' }), code: 'SignatureDoesNotMatch' },
    { what: 'key', at: (url) => aliyunAt(url, { accessKeyId: 'wrong' }), code: 'InvalidAccessKeyId.NotFound' },
    { what: 'clock', at: (url) => aliyunAt(url, {}, anHourAgo), code: 'InvalidTimeStamp.Expired' },
  ],
  codes: {
    busy: 'isp.SYSTEM_ERROR',
    'invalid-number': 'isv.MOBILE_NUMBER_ILLEGAL',
    'too-soon': 'isv.BUSINESS_LIMIT_CONTROL',
    'no-balance': 'isv.AMOUNT_NOT_ENOUGH',
  },
  tooSoonMs: 60_000,
  query: { withoutId: true, undelivered: 'UNDELIV', stranger: 'SignatureDoesNotMatch' },
  ofRequest: ['isv.SMS_SIGNATURE_ILLEGAL', 'isv.SMS_TEMPLATE_ILLEGAL', 'isv.TEMPLATE_MISSING_PARAMETERS'],
  text: '【Otpost】您的验证码是123456，5分钟内有效，请勿泄露给他人。',
});

providerContract({
  name: 'aliyun-pnvs',
  about: 'S37 for individuals, without a signature or template of their own',
  to: '+8613800138000',
  at: pnvsAt,
  strangers: [
    { what: 'secret', at: (url) => pnvsAt(url, { accessKeySecret: 'wrong' }), code: 'SignatureDoesNotMatch' },
    { what: 'key', at: (url) => pnvsAt(url, { accessKeyId: 'wrong' }), code: 'InvalidAccessKeyId.NotFound' },
    { what: 'clock', at: (url) => pnvsAt(url, {}, anHourAgo), code: 'InvalidTimeStamp.Expired' },
  ],
  codes: {
    busy: 'isp.SYSTEM_ERROR',
    'invalid-number': 'isv.MOBILE_NUMBER_ILLEGAL',
    'too-soon': 'biz.FREQUENCY',
    'no-balance': 'isv.AMOUNT_NOT_ENOUGH',
  },
  tooSoonMs: 60_000,
  ofRequest: ['isv.SMS_SIGNATURE_ILLEGAL', 'isv.SMS_TEMPLATE_ILLEGAL', 'isv.TEMPLATE_MISSING_PARAMETERS'],
  text: '【速通互联验证码】您的验证码为123456。尊敬的客户，以上验证码5分钟内有效，请注意保密，切勿告知他人。',
});

providerContract({
  name: 'tencent',
  to: '+8613800138000',
  at: tencentAt,
  strangers: [
    { what: 'secret', at: (url) => tencentAt(url, { secretKey: 'wrong' }), code: 'AuthFailure.SignatureFailure' },
    { what: 'id', at: (url) => tencentAt(url, { secretId: 'wrong' }), code: 'AuthFailure.SecretIdNotFound' },
    {
      what: 'application',
      at: (url) => tencentAt(url, { appId: '1' }),
      code: 'InvalidParameterValue.SdkAppIdNotExist',
    },
    { what: 'clock', at: (url) => tencentAt(url, {}, anHourAgo), code: 'AuthFailure.SignatureExpire' },
  ],
  codes: {
    busy: 'InternalError.OtherError',
    'invalid-number': 'InvalidParameterValue.IncorrectPhoneNumber',
    'too-soon': 'LimitExceeded.PhoneNumberThirtySecondLimit',
    'no-balance': 'FailedOperation.InsufficientBalanceInSmsPackage',
  },
  tooSoonMs: 30_000,
  query: { onlyFates: true, undelivered: 'UNDELIV', stranger: 'AuthFailure.SignatureFailure' },
  ofRequest: ['FailedOperation.SignatureIncorrectOrUnapproved', 'FailedOperation.TemplateIncorrectOrUnapproved'],
  text: '【Otpost】您的验证码是123456，5分钟内有效，请勿泄露给他人。',
});

providerContract({
  name: 'twilio',
  to: '+14155552671',
  at: twilioAt,
  strangers: [
    { what: 'token', at: (url) => twilioAt(url, { authToken: 'wrong' }), code: '20003' },
    { what: 'account', at: (url) => twilioAt(url, { accountSid: `AC${'0'.repeat(32)}` }), code: '20003' },
  ],
  codes: { busy: '20429', 'invalid-number': '21211', 'too-soon': '20429', 'no-balance': '20005' },
  knowsNoTooSoon: true,
  statusSays: true,
  withoutReference: true,
  query: { undelivered: '30003', stranger: 'http-401' },
  ofRequest: ['21603', '21617', '30034'],
  text: '【Otpost】您的验证码是123456，5分钟内有效。请勿泄露给他人。',
});

providerContract({
  name: 'webhook',
  to: '+14155552671',
  at: webhookAt,
  strangers: [
    { what: 'secret', at: (url) => webhookAt(url, { secret: `whsec_${'A'.repeat(43)}=` }), code: 'http-401' },
    { what: 'clock', at: (url) => webhookAt(url, {}, anHourAgo), code: 'http-401' },
  ],
  codes: { busy: 'http-429', 'invalid-number': 'http-422', 'too-soon': 'http-429', 'no-balance': 'http-402' },
  knowsNoTooSoon: true,
  statusSays: true,
  ofRequest: [],
  text: '【Otpost】您的验证码是123456，5分钟内有效。请勿泄露给他人。',
});
