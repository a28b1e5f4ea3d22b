import { Body, Controller, Headers, Post, Req, Res } from '@nestjs/common';
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { CarrierLabSettings } from '../carrier-lab.config.js';
import { Carrier, type Company, type Reply, type Submission } from '../carrier.js';
import type { KeptText } from '../records.js';

/** The texts that the company has approved; {1}, {2} are filled from `TemplateParamSet`. */
const TEMPLATES: Readonly<Record<string, string>> = {
  1001: '您的验证码是{1}，{2}分钟内有效，请勿泄露给他人。',
  1002: 'Your verification code is {1}. It is valid for {2} minutes.',
};

const MESSAGES: Readonly<Record<string, string>> = {
  'FailedOperation.SignatureIncorrectOrUnapproved': '签名未审批或格式错误',
  'FailedOperation.TemplateIncorrectOrUnapproved': '模板未审批或内容不匹配',
  'LimitExceeded.PhoneNumberThirtySecondLimit': '单个手机号30秒内下发短信条数超过设定的上限',
  'InvalidParameterValue.IncorrectPhoneNumber': '手机号格式错误',
};

/** Refusals of the request; every other code is about the number, and comes as its status. */
const OF_THE_REQUEST =
  /^(AuthFailure|UnauthorizedOperation|RequestLimitExceeded|InternalError|ServiceUnavailable|InvalidAction|InvalidParameter(?!Value\.(IncorrectPhoneNumber|TemplateParameter|ContentLength|ProhibitedUseUrl)))/;

const TENCENT: Company = {
  name: 'tencent',
  codes: {
    busy: 'InternalError.OtherError',
    'invalid-number': 'InvalidParameterValue.IncorrectPhoneNumber',
    'too-soon': 'LimitExceeded.PhoneNumberThirtySecondLimit',
    'no-balance': 'FailedOperation.InsufficientBalanceInSmsPackage',
  },
  answer: (verdict, _at, { to = '', reference = '' }: { to?: string; reference?: string }) => {
    const RequestId = randomUUID();
    const status = (more: object) => ({
      SendStatusSet: [
        { PhoneNumber: to, SessionContext: reference, IsoCode: to.startsWith('+86') ? 'CN' : '', ...more },
      ],
    });
    const said = (Code: string) => ({ Code, Message: MESSAGES[Code] ?? Code });
    const Response =
      'accepted' in verdict
        ? status({ SerialNo: `2640:${verdict.accepted}`, Fee: 1, Code: 'Ok', Message: 'send success' })
        : OF_THE_REQUEST.test(verdict.refused)
          ? { Error: said(verdict.refused) }
          : status({ SerialNo: '', Fee: 0, ...said(verdict.refused) });
    return { status: 200, body: { Response: { ...Response, RequestId } } };
  },
  receipt: ({ to, id, delivered }) => ({
    path: '/tencent/{token}',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([
      {
        mobile: to.replace('+86', ''),
        nationcode: '86',
        report_status: delivered ? 'SUCCESS' : 'FAIL',
        errmsg: delivered ? 'DELIVRD' : 'UNDELIV',
        sid: `2640:${id}`,
      },
    ]),
  }),
};

type Fields = Readonly<Record<string, string | undefined>>;
type PullStatus = Partial<
  Record<'SmsSdkAppId' | 'PhoneNumber' | 'BeginTime' | 'EndTime' | 'Offset' | 'Limit', unknown>
>;
type SendSms = Partial<
  Record<'PhoneNumberSet' | 'SmsSdkAppId' | 'SignName' | 'TemplateId' | 'TemplateParamSet' | 'SessionContext', unknown>
>;

/** 腾讯云短信 (Tencent Cloud SMS 2021-01-11), SendSms and PullSmsSendStatusByPhoneNumber, one number a request. The signature is for the path `/`. */
@Controller('tencent')
export class TencentController {
  constructor(
    private readonly carrier: Carrier,
    private readonly settings: CarrierLabSettings,
  ) {}

  @Post()
  serve(
    @Req() { rawBody = Buffer.alloc(0) }: { readonly rawBody?: Buffer },
    @Headers() headers: Fields,
    @Body() body: unknown,
    @Res() reply: Reply,
  ): Promise<void> {
    const request = (typeof body === 'object' && body !== null ? body : {}) as SendSms & PullStatus;
    const refused = credentials(this.settings, headers, rawBody);
    const asks = headers['x-tc-action'] === 'PullSmsSendStatusByPhoneNumber';
    return asks ? this.pullStatus(request, refused, reply) : this.sendSms(request, refused, reply);
  }

  /** Lists what has met its fate. */
  private pullStatus(request: PullStatus, unsigned: string | undefined, reply: Reply): Promise<void> {
    const { SmsSdkAppId, PhoneNumber, BeginTime, EndTime = Infinity, Offset, Limit } = request;
    const to = numberOf([PhoneNumber]);
    const whole = [BeginTime, Offset, Limit].every(Number.isInteger) && Number(Limit) <= 100;
    const ours = SmsSdkAppId === this.settings.tencentAppId ? undefined : 'InvalidParameterValue.SdkAppIdNotExist';
    const refused = unsigned ?? ours ?? (to === undefined || !whole ? 'InvalidParameter' : undefined);
    return this.carrier.tell(TENCENT, to, reply, (texts) => {
      if (refused !== undefined) return TENCENT.answer({ refused }, new Date(), { refused });
      const within = ({ at }: KeptText) =>
        at.getTime() >= Number(BeginTime) * 1000 && at.getTime() / 1000 <= Number(EndTime) + 1;
      const list = texts.filter((text) => text.status !== 'underway' && within(text)).map(statusOf);
      return { status: 200, body: { Response: { PullSmsSendStatusSet: list, RequestId: randomUUID() } } };
    });
  }

  private sendSms(request: SendSms, unsigned: string | undefined, reply: Reply): Promise<void> {
    const to = numberOf(request.PhoneNumberSet);
    const refused = unsigned ?? complaint(request, to, this.settings);
    return this.carrier.serve(TENCENT, refused === undefined ? submissionOf(request, to!) : { to, refused }, reply);
  }
}

/** https://tencentcloud.com/document/api/382/40518; SessionContext as for an account whose support has switched it on. */
const statusOf = ({ to, id, reference = '', status }: KeptText) => ({
  Description: status === 'delivered' ? 'DELIVRD' : 'UNDELIV',
  CountryCode: to.startsWith('+86') ? '86' : '',
  SubscriberNumber: to.replace('+86', ''),
  ReportStatus: status === 'delivered' ? 'SUCCESS' : 'FAIL',
  PhoneNumber: to,
  SerialNo: `2640:${id}`,
  UserReceiveTime: Math.floor(Date.now() / 1000),
  SessionContext: reference,
});

/** The code for what is wrong with them. */
function credentials(settings: CarrierLabSettings, headers: Fields, body: Buffer): string | undefined {
  const [, id, day, names = '', signature] =
    /^TC3-HMAC-SHA256 Credential=([^/]+)\/(\d{4}-\d\d-\d\d)\/sms\/tc3_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    ) ?? [];
  if (signature === undefined) return 'AuthFailure.InvalidAuthorization';
  if (id !== settings.tencentSecretId) return 'AuthFailure.SecretIdNotFound';
  const timestamp = Number(headers['x-tc-timestamp']);
  if (!(Math.abs(Date.now() / 1000 - timestamp) < 300)) return 'AuthFailure.SignatureExpire';
  const signed = names.split(';');
  if (!['content-type', 'host'].every((name) => signed.includes(name))) return 'AuthFailure.InvalidAuthorization';
  const rightDay = new Date(timestamp * 1000).toISOString().startsWith(day!);
  if (!rightDay || signatureOf(settings.tencentSecretKey, headers, signed, body, timestamp) !== signature)
    return 'AuthFailure.SignatureFailure';
  if (!headers['x-tc-region']) return 'UnsupportedRegion';
  const action = `${headers['x-tc-action']} ${headers['x-tc-version']}`;
  return /^(SendSms|PullSmsSendStatusByPhoneNumber) 2021-01-11$/.test(action) ? undefined : 'InvalidAction';
}

/** https://cloud.tencent.com/document/api/362/4208 */
function signatureOf(
  secretKey: string,
  headers: Fields,
  signed: readonly string[],
  body: Buffer,
  timestamp: number,
): string {
  const sha256 = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const day = new Date(timestamp * 1000).toISOString().slice(0, 10);
  const lines = signed.map((name) => `${name}:${(headers[name] ?? '').toLowerCase()}\n`).join('');
  const canonical = `POST\n/\n\n${lines}\n${signed.join(';')}\n${sha256(body)}`;
  const toSign = `TC3-HMAC-SHA256\n${timestamp}\n${day}/sms/tc3_request\n${sha256(canonical)}`;
  const key = hmac(hmac(hmac(`TC3${secretKey}`, day), 'sms'), 'tc3_request');
  return hmac(key, toSign).toString('hex');
}

/** E.164; a mainland number may come without +86. */
function numberOf(set: unknown): string | undefined {
  const [number] = Array.isArray(set) && set.length === 1 ? (set as unknown[]) : [];
  if (typeof number !== 'string') return undefined;
  if (/^1\d{10}$/.test(number)) return `+86${number}`;
  return /^\+[1-9]\d{6,14}$/.test(number) ? number : undefined;
}

/** The code for what is wrong with the text. */
function complaint(
  request: SendSms,
  to: string | undefined,
  { tencentAppId, signature }: CarrierLabSettings,
): string | undefined {
  const { SmsSdkAppId, SignName, TemplateId, TemplateParamSet: params, SessionContext = '' } = request;
  if (SmsSdkAppId !== tencentAppId) return 'InvalidParameterValue.SdkAppIdNotExist';
  if (to === undefined) return 'InvalidParameterValue.IncorrectPhoneNumber';
  if (SignName !== signature) return 'FailedOperation.SignatureIncorrectOrUnapproved';
  const places = TEMPLATES[String(TemplateId)]?.match(/\{\d\}/g)?.length;
  if (places === undefined || !Array.isArray(params) || params.length !== places)
    return 'FailedOperation.TemplateIncorrectOrUnapproved';
  if (!params.every((value) => typeof value === 'string' && /^\d{1,6}$/.test(value)))
    return 'InvalidParameterValue.TemplateParameterLengthLimit';
  return typeof SessionContext === 'string' && SessionContext.length < 512 ? undefined : 'InvalidParameter';
}

function submissionOf(request: SendSms, to: string): Submission {
  const { SignName, TemplateId, TemplateParamSet, SessionContext } = request as {
    SignName: string;
    TemplateId: string;
    TemplateParamSet: string[];
    SessionContext?: string;
  };
  const text = TEMPLATES[TemplateId]!.replace(/\{(\d)\}/g, (_, place) => TemplateParamSet[Number(place) - 1]!);
  const reference = SessionContext === undefined ? {} : { reference: SessionContext };
  return { to, text: `【${SignName}】${text}`, templateId: TemplateId, ...reference };
}
