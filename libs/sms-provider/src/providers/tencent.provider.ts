import { Setting } from '@app/common';
import { IsBoolean, Matches } from 'class-validator';
import { createHash, createHmac } from 'node:crypto';
import { defineProvider, defineReceipts } from '../define-provider.js';
import { ProviderHttp, type HttpAnswer, type NoAnswer } from '../provider-http.js';
import {
  bodyJson,
  readingOf,
  type ReceiptReader,
  type ReceiptReading,
  type ReceiptRequest,
} from '../receipt-reader.js';
import { IsCompanyUrl, IsTemplateIds, templateIds } from '../provider-settings.js';
import {
  ACCOUNT,
  BUSY,
  codeTable,
  idOf,
  jsonOf,
  queryFailed,
  RECIPIENT,
  refused,
  REGION,
  REQUEST,
  tooSoon,
} from '../rejections.js';
import type {
  OutboundSms,
  ProviderCapabilities,
  QueryAnswer,
  SendOutcome,
  SentRequest,
  SmsContent,
  SmsProvider,
} from '../sms-provider.js';

export class TencentSettings {
  @Setting({
    env: 'SMS_TENCENT_SECRET_ID',
    about:
      'Key at Tencent Cloud (腾讯云) of a CAM user who may do sms:SendSms and sms:PullSmsSendStatusByPhoneNumber and nothing else.',
    example: 'AKIDExample',
  })
  @Matches(/^[A-Za-z0-9]{1,128}$/, { message: 'it must be letters and digits' })
  secretId: string;

  @Setting({
    env: 'SMS_TENCENT_SECRET_KEY',
    about: 'Secret of that key.',
    example: '0123456789abcdefghijABCDEFGHIJ',
    secret: true,
  })
  @Matches(/^\S+$/, { message: 'it must not be empty or hold spaces' })
  secretKey: string;

  @Setting({
    env: 'SMS_TENCENT_APP_ID',
    about: 'SdkAppId of the application, from its console.',
    example: '1400006666',
  })
  @Matches(/^[0-9]{1,20}$/, { message: 'it must be digits' })
  appId: string;

  @Setting({
    env: 'SMS_TENCENT_TEMPLATES',
    about:
      'Its ids of approved texts, as name=id or name:locale=id; the one without locale serves all other locales. {1} of a text is the code, {2} the minutes. SMS_TEMPLATES may name them instead.',
    example: 'verification-code=449739',
    optional: true,
  })
  @IsTemplateIds(/[0-9]{1,20}/, 'a number')
  templates: string[] = [];

  @Setting({ env: 'SMS_TENCENT_REGION', about: 'The region of its API.', example: 'ap-guangzhou' })
  @Matches(/^[a-z0-9-]{1,32}$/, { message: 'it must be small letters, digits and dashes' })
  region: string = 'ap-guangzhou';

  @Setting({
    env: 'SMS_TENCENT_ABROAD',
    about: 'Whether numbers outside mainland China go this way too: their texts need an approval of their own.',
    example: 'false',
  })
  @IsBoolean()
  abroad: boolean = false;

  @Setting({
    env: 'SMS_TENCENT_BASE_URL',
    about: 'Where the company listens; plain http only on loopback, since a request shows the code.',
    example: 'https://sms.tencentcloudapi.com',
  })
  @IsCompanyUrl()
  baseUrl: string = 'https://sms.tencentcloudapi.com';
}

/** 腾讯云短信 (Tencent Cloud SMS 2021-01-11), SendSms: approved texts, one number a request. */
export class TencentProvider implements SmsProvider {
  readonly name = 'tencent';
  readonly capabilities: ProviderCapabilities;
  private readonly http: ProviderHttp;
  private readonly host: string;

  constructor(
    private readonly settings: TencentSettings,
    private readonly now: () => Date = () => new Date(),
  ) {
    this.http = new ProviderHttp(settings.baseUrl);
    this.host = new URL(settings.baseUrl).host;
    this.capabilities = {
      guardsDuplicates: false, // SessionContext only comes back
      approvedTexts: {
        ids: templateIds(settings.templates),
        params: ['code', 'minutes'],
        // https://cloud.tencent.com/document/product/382/39023: variables of verification texts are up to 6 digits.
        code: { pattern: /^[0-9]{1,6}$/, words: 'at most 6 digits' },
        needsSignature: true,
      },
    };
  }

  supports({ to }: SmsContent): boolean {
    return this.settings.abroad || /^\+861\d{10}$/.test(to);
  }

  async send({ to, reference, rendered }: OutboundSms, signal: AbortSignal): Promise<SendOutcome> {
    const body = {
      PhoneNumberSet: [to],
      SmsSdkAppId: this.settings.appId,
      SignName: rendered.signature,
      TemplateId: rendered.templateId,
      TemplateParamSet: rendered.params.map(({ value }) => value),
      SessionContext: reference,
    };
    const answer = await this.ask('SendSms', body, signal);
    return answer.kind === 'answered' ? readAnswer(answer) : answer;
  }

  /**
   * PullSmsSendStatusByPhoneNumber (https://tencentcloud.com/document/api/382/40518): what became of the texts to one
   * number, of the last 7 days, 20 requests a second. It lists a text once its fate is known, and tells our reference only
   * where the company's support has switched that on: without it an id that nobody knows is not found.
   */
  async query({ to, reference, providerMessageId, notBefore }: SentRequest, signal: AbortSignal): Promise<QueryAnswer> {
    const [from, now] = [notBefore, this.now()].map((at) => Math.floor(at.getTime() / 1000));
    const body = {
      BeginTime: from,
      EndTime: now,
      Offset: 0,
      Limit: 100,
      PhoneNumber: to,
      SmsSdkAppId: this.settings.appId,
    };
    const answer = await this.ask('PullSmsSendStatusByPhoneNumber', body, signal);
    if (answer.kind !== 'answered') return queryFailed(answer);
    const response = fieldsOf(jsonOf(answer.body).Response);
    const list = response.PullSmsSendStatusSet;
    if (answer.status !== 200 || !Array.isArray(list)) return queryFailed(answer, fieldsOf(response.Error).Code);
    const ours = list
      .map(fieldsOf)
      .find(({ SerialNo: id, SessionContext: said }) =>
        providerMessageId === undefined ? said === reference : id === providerMessageId,
      );
    return ours === undefined ? { kind: 'absent' } : foundStatus(ours);
  }

  /** One signed request. */
  private ask(action: string, request: object, signal: AbortSignal): Promise<HttpAnswer | NoAnswer> {
    const { secretId, secretKey, region } = this.settings;
    const body = JSON.stringify(request);
    const timestamp = Math.floor(this.now().getTime() / 1000);
    const signed = { 'content-type': 'application/json; charset=utf-8', host: this.host };
    return this.http.post(
      '/',
      {
        ...signed,
        authorization: signTc3({ secretId, secretKey, service: 'sms', headers: signed, body, timestamp }),
        'x-tc-action': action,
        'x-tc-version': '2021-01-11',
        'x-tc-region': region,
        'x-tc-timestamp': String(timestamp),
      },
      body,
      signal,
    );
  }

  close(): Promise<void> {
    return this.http.close();
  }
}

/** Nothing: the company does not sign. */
export class TencentReceiptSettings {}

/** Its status callback (https://cloud.tencent.com/document/product/382/59178): a list of at most 100; `sid` is the SerialNo. */
export class TencentReceipts implements ReceiptReader {
  readonly signed = false;
  readonly thanks = { status: 200, contentType: 'application/json', body: '{"result":0,"errmsg":"OK"}' };

  read(request: ReceiptRequest): ReceiptReading {
    const list = bodyJson(request);
    if (!Array.isArray(list)) return { kind: 'unreadable' };
    const receipts = list.map((one: unknown) => {
      const { sid, report_status: status, errmsg, ext } = (one ?? {}) as Record<string, unknown>;
      if (typeof sid !== 'string' || sid === '' || sid.length > 128) return undefined;
      if (status !== 'SUCCESS' && status !== 'FAIL') return undefined;
      const reference = typeof ext === 'string' ? /^[A-Za-z0-9]{1,32}$/.exec(ext)?.[0] : undefined;
      return {
        providerMessageId: sid,
        ...(reference !== undefined && { reference }),
        status: status === 'SUCCESS' ? ('delivered' as const) : ('undelivered' as const),
        ...(status === 'FAIL' && typeof errmsg === 'string' && errmsg && { errorCode: errmsg.slice(0, 64) }),
      };
    });
    return readingOf(receipts);
  }
}

export const tencent = defineProvider({
  name: 'tencent',
  Settings: TencentSettings,
  create: (settings) => new TencentProvider(settings),
  receipts: defineReceipts({ Settings: TencentReceiptSettings, create: () => new TencentReceipts() }),
});

/**
 * The Authorization header of TC3-HMAC-SHA256 (https://cloud.tencent.com/document/api/362/4208) for a POST to `/`, with
 * these headers signed, names in small letters. `timestamp` in seconds; its day in UTC is part of the key.
 */
export function signTc3(request: {
  secretId: string;
  secretKey: string;
  service: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  timestamp: number;
}): string {
  const { secretId, secretKey, service, headers, body, timestamp } = request;
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${headers[name]!.trim().toLowerCase()}\n`).join('');
  const canonical = ['POST', '/', '', lines, names.join(';'), sha256(body)].join('\n');
  const day = new Date(timestamp * 1000).toISOString().slice(0, 10);
  const scope = `${day}/${service}/tc3_request`;
  const key = [day, service, 'tc3_request'].reduce<string | Buffer>((key, part) => hmac(key, part), `TC3${secretKey}`);
  const signature = hmac(key, [TC3, timestamp, scope, sha256(canonical)].join('\n')).toString('hex');
  return `${TC3} Credential=${secretId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
}

const TC3 = 'TC3-HMAC-SHA256';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** HTTP 200 is no success: the request may be refused (`Error`), or the number (`SendStatusSet`), though the rest is fine. */
function readAnswer(answer: HttpAnswer): SendOutcome {
  const response = fieldsOf(jsonOf(answer.body).Response);
  const status = fieldsOf(Array.isArray(response.SendStatusSet) ? response.SendStatusSet[0] : undefined);
  const code = fieldsOf(response.Error).Code ?? status.Code;
  if (code === 'Ok' && answer.status === 200) return { kind: 'accepted', ...idOf(status.SerialNo) };
  const named = typeof code === 'string' && code !== 'Ok' ? code : undefined;
  const meaning = named === undefined ? undefined : meaningOfTencent(named);
  // Timeout, SendAndRecvFail ("sending or receiving timed out"), ParseBackendResponseFail: the carrier may have had it.
  if (named?.startsWith('InternalError') && !meaning) return { kind: 'unknown', code: named };
  return refused(answer, named, meaning);
}

function foundStatus(fields: Readonly<Record<string, unknown>>): QueryAnswer {
  const { SerialNo: id, ReportStatus: status, Description: why } = fields;
  const found = { kind: 'found', ...idOf(id) } as const;
  if (status === 'SUCCESS') return { ...found, status: 'delivered' };
  if (status !== 'FAIL') return { ...found, status: 'accepted' };
  const code = typeof why === 'string' && why !== '' ? { errorCode: why.slice(0, 64) } : {};
  return { ...found, status: 'undelivered', ...code };
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/**
 * https://cloud.tencent.com/document/api/382/59177; undefined for a code that the table does not have. An `InternalError`
 * that is not in it is unknown: the company may have sent the text.
 */
export const meaningOfTencent = codeTable([
  [tooSoon(30), 'this number too often', 'LimitExceeded.PhoneNumberThirtySecondLimit'],
  [tooSoon(3600), 'this number too often', 'LimitExceeded.PhoneNumberOneHourLimit'],
  [RECIPIENT, 'daily cap of the number', 'LimitExceeded.PhoneNumberDailyLimit LimitExceeded.DeliveryFrequencyLimit'],
  [RECIPIENT, 'same content to the same number', 'LimitExceeded.PhoneNumberSameContentDailyLimit'],
  [
    RECIPIENT,
    'blacklisted, bad number',
    'FailedOperation.PhoneNumberInBlacklist InvalidParameterValue.IncorrectPhoneNumber',
  ],
  [REGION, 'abroad', 'UnsupportedOperation.UnsupportedRegion'],
  [REQUEST, 'template', 'FailedOperation.TemplateIncorrectOrUnapproved FailedOperation.FailResolvePacket'],
  [REQUEST, 'signature, not registered too', 'FailedOperation.SignatureIncorrectOrUnapproved'],
  [REQUEST, 'content', 'FailedOperation.ContainSensitiveWord InvalidParameterValue.ContentLengthLimit'],
  [REQUEST, 'params', 'InvalidParameterValue.TemplateParameterLengthLimit'],
  [REQUEST, 'params', 'InvalidParameterValue.ProhibitedUseUrlInTemplateParameter'],
  [ACCOUNT, 'balance, our own caps', 'FailedOperation.InsufficientBalanceInSmsPackage LimitExceeded.AppDailyLimit'],
  [ACCOUNT, 'credentials, clock, rights', 'AuthFailure* UnauthorizedOperation* InternalError.RequestTimeException'],
  [ACCOUNT, 'our own caps', 'LimitExceeded.App* LimitExceeded.DailyLimit'],
  [
    ACCOUNT,
    'application, address not allowed',
    'InvalidParameterValue.SdkAppIdNotExist UnauthorizedOperation.RequestIpNotInWhitelist',
  ],
  [BUSY, 'throttled, failing', 'RequestLimitExceeded* ServiceUnavailable InternalError.OtherError InternalError.Sig*'],
  [REGION, 'whatever else is not offered for this number', 'UnsupportedOperation*'],
  [REQUEST, 'whatever else is wrong with what we ask', 'FailedOperation* InvalidParameter* MissingParameter*'],
]);
