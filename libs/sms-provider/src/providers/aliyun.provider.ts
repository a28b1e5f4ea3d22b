import { Setting } from '@app/common';
import { IsBoolean, Matches } from 'class-validator';
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { defineProvider, defineReceipts } from '../define-provider.js';
import { ProviderHttp, type HttpAnswer } from '../provider-http.js';
import {
  bodyJson,
  readingOf,
  type ReceiptReader,
  type ReceiptReading,
  type ReceiptRequest,
} from '../receipt-reader.js';
import { IsCompanyUrl, IsTemplateIds, templateIds } from '../provider-settings.js';
import { ACCOUNT, BUSY, codeTable, idOf, jsonOf, RECIPIENT, refused, REGION, REQUEST, tooSoon } from '../rejections.js';
import type { OutboundSms, ProviderCapabilities, SendOutcome, SmsContent, SmsProvider } from '../sms-provider.js';

export class AliyunSettings {
  @Setting({
    env: 'SMS_ALIYUN_ACCESS_KEY_ID',
    about: 'Access key at Aliyun (阿里云) of a RAM user who may do dysms:SendSms and nothing else.',
    example: 'LTAI5tExample',
  })
  @Matches(/^[A-Za-z0-9._-]{1,128}$/, { message: 'it must be letters and digits' })
  accessKeyId: string;

  @Setting({
    env: 'SMS_ALIYUN_ACCESS_KEY_SECRET',
    about: 'Secret of that key.',
    example: '0123456789abcdefghijABCDEFGHIJ',
    secret: true,
  })
  @Matches(/^\S+$/, { message: 'it must not be empty or hold spaces' })
  accessKeySecret: string;

  @Setting({
    env: 'SMS_ALIYUN_TEMPLATES',
    about:
      'Its ids of approved texts, as name=id or name:locale=id; the one without locale serves all other locales. Their one variable is ${code}. SMS_TEMPLATES may name them instead.',
    example: 'verification-code=SMS_154950909',
    optional: true,
  })
  @IsTemplateIds(/SMS_[0-9]{1,20}/, 'SMS_ and digits')
  templates: string[] = [];

  @Setting({
    env: 'SMS_ALIYUN_ABROAD',
    about: 'Whether numbers outside mainland China go this way too: their texts need an approval of their own.',
    example: 'false',
  })
  @IsBoolean()
  abroad: boolean = false;

  @Setting({
    env: 'SMS_ALIYUN_BASE_URL',
    about: 'Where the company listens; plain http only on loopback, since a request shows the code.',
    example: 'https://dysmsapi.aliyuncs.com',
  })
  @IsCompanyUrl()
  baseUrl: string = 'https://dysmsapi.aliyuncs.com';
}

/** 阿里云短信服务 (Aliyun Dysmsapi 2017-05-25), SendSms: approved texts, one number a request. */
export class AliyunProvider implements SmsProvider {
  readonly name = 'aliyun';
  readonly capabilities: ProviderCapabilities;
  private readonly http: ProviderHttp;
  private readonly host: string;

  constructor(
    private readonly settings: AliyunSettings,
    private readonly now: () => Date = () => new Date(),
    private readonly nonce: () => string = randomUUID,
  ) {
    this.http = new ProviderHttp(settings.baseUrl);
    this.host = new URL(settings.baseUrl).host;
    this.capabilities = {
      // "目前均不支持幂等": OutId only comes back in receipts.
      guardsDuplicates: false,
      approvedTexts: {
        ids: templateIds(settings.templates),
        params: ['code'],
        // https://help.aliyun.com/document_detail/463237.html: a verification text has one variable, of 4 to 6 characters.
        maxParams: 1,
        code: { pattern: /^[A-Za-z0-9]{4,6}$/, words: '4 to 6 letters or digits' },
        needsSignature: true,
      },
    };
  }

  supports({ to }: SmsContent): boolean {
    return this.settings.abroad || MAINLAND.test(to);
  }

  async send({ to, reference, rendered }: OutboundSms, signal: AbortSignal): Promise<SendOutcome> {
    const { accessKeyId, accessKeySecret } = this.settings;
    const { headers, query } = signAcs3({
      accessKeyId,
      accessKeySecret,
      query: {
        PhoneNumbers: to.replace(MAINLAND, '$1').replace('+', ''),
        SignName: rendered.signature ?? '',
        TemplateCode: rendered.templateId ?? '',
        TemplateParam: JSON.stringify(Object.fromEntries(rendered.params.map(({ name, value }) => [name, value]))),
        OutId: reference,
      },
      headers: {
        host: this.host,
        'x-acs-action': 'SendSms',
        'x-acs-version': '2017-05-25',
        'x-acs-date': this.now().toISOString().replace(/\.\d+/, ''),
        'x-acs-signature-nonce': this.nonce(),
      },
      body: '',
    });
    const answer = await this.http.post(`/?${query}`, { ...headers, accept: 'application/json' }, '', signal);
    return answer.kind === 'answered' ? readAnswer(answer) : answer;
  }

  close(): Promise<void> {
    return this.http.close();
  }
}

/** Nothing: the company does not sign. */
export class AliyunReceiptSettings {}

/** SmsReport (https://help.aliyun.com/zh/sms/developer-reference/smsreport-2): a list, wants its answer within 700 ms. */
export class AliyunReceipts implements ReceiptReader {
  readonly signed = false;
  readonly thanks = { status: 200, contentType: 'application/json', body: '{"code":0,"msg":"接收成功"}' };

  read(request: ReceiptRequest): ReceiptReading {
    const list = bodyJson(request);
    if (!Array.isArray(list)) return { kind: 'unreadable' };
    const receipts = list.map((one: unknown) => {
      const { biz_id: id, out_id: out, success, err_code: errorCode } = (one ?? {}) as Record<string, unknown>;
      if (typeof id !== 'string' || id === '' || id.length > 128 || typeof success !== 'boolean') return undefined;
      const reference = typeof out === 'string' ? /^[A-Za-z0-9]{1,32}$/.exec(out)?.[0] : undefined;
      return {
        providerMessageId: id,
        ...(reference !== undefined && { reference }),
        status: success ? ('delivered' as const) : ('undelivered' as const),
        ...(!success && typeof errorCode === 'string' && { errorCode: errorCode.slice(0, 64) }),
      };
    });
    return readingOf(receipts);
  }
}

export const aliyun = defineProvider({
  name: 'aliyun',
  Settings: AliyunSettings,
  create: (settings) => new AliyunProvider(settings),
  receipts: defineReceipts({ Settings: AliyunReceiptSettings, create: () => new AliyunReceipts() }),
});

const MAINLAND = /^\+86(1\d{10})$/;

/**
 * ACS3-HMAC-SHA256 (https://help.aliyun.com/document_detail/2593177.html) of a POST to `/`: what is to be sent, signed.
 * `host` and `x-acs-*` headers are signed; names in small letters.
 */
export function signAcs3(request: {
  accessKeyId: string;
  accessKeySecret: string;
  query: Readonly<Record<string, string>>;
  headers: Readonly<Record<string, string>>;
  body: string;
}): { headers: Record<string, string>; query: string } {
  const headers: Record<string, string> = { ...request.headers, 'x-acs-content-sha256': sha256(request.body) };
  const query = sorted(request.query)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&');
  const signed = sorted(headers);
  const names = signed.map(([name]) => name).join(';');
  const lines = signed.map(([name, value]) => `${name}:${value.trim()}\n`).join('');
  const canonical = ['POST', '/', query, lines, names, headers['x-acs-content-sha256']].join('\n');
  const signature = createHmac('sha256', request.accessKeySecret)
    .update(`${ACS3}\n${sha256(canonical)}`)
    .digest('hex');
  headers.authorization = `${ACS3} Credential=${request.accessKeyId},SignedHeaders=${names},Signature=${signature}`;
  return { headers, query };
}

const ACS3 = 'ACS3-HMAC-SHA256';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const sorted = (fields: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(fields).sort(([one], [other]) => (one < other ? -1 : 1));
/** RFC 3986. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

/** HTTP 200 is no success: the body's `Code` is. Without one a 4xx was refused before the company looked at the text. */
function readAnswer(answer: HttpAnswer): SendOutcome {
  const { Code: code, Message: message, BizId: id } = jsonOf(answer.body);
  if (code === 'OK' && answer.status === 200) return { kind: 'accepted', ...idOf(id) };
  const named = typeof code === 'string' && code !== 'OK' ? code : undefined;
  const meaning = named === undefined ? undefined : classifyAliyun(named, String(message));
  return refused(answer, named, meaning);
}

/** What a code means; undefined for one that the table does not have. */
export function classifyAliyun(code: string, message: string) {
  // "触发小时级流控Permits:5": minute, hour or day, in the message only.
  if (code !== 'isv.BUSINESS_LIMIT_CONTROL') return meaningOf(code);
  if (message.includes('天级')) return RECIPIENT;
  return tooSoon(message.includes('小时级') ? 3600 : 60);
}

/** https://help.aliyun.com/document_detail/101346.html */
const meaningOf = codeTable([
  [tooSoon(60), 'this number too often', 'BUSINESS_LIMIT_CONTROL_MINUTE BUSINESS_LIMIT_CONTROL_PHONE'],
  [tooSoon(3600), 'this number too often', 'isv.BUSINESS_LIMIT_HOUR'],
  [RECIPIENT, 'daily cap of the number', 'isv.BUSINESS_LIMIT_DAY'],
  [RECIPIENT, 'bad number', 'isv.MOBILE_NUMBER_ILLEGAL isv.PHONE_NUMBER_ILLEGAL isv.MOBILE_COUNT_OVER_LIMIT'],
  [REGION, 'abroad', 'isv.DOMESTIC_NUMBER_NOT_SUPPORTED isv.NOT_SUPPORTED_COUNTRY isv.COUNTRY_RESTRICTED'],
  [REQUEST, 'template', 'isv.SMS_TEMPLATE_ILLEGAL isv.TEMPLATE_MISSING_PARAMETERS isv.EXTEND_CODE_ERROR'],
  [REQUEST, 'signature, not registered too', 'isv.SMS_SIGNATURE_ILLEGAL isv.SMS_SIGNATURE_SCENE_ILLEGAL'],
  [REQUEST, 'signature, not registered too', 'isv.SIGN_STATE_ILLEGAL isv.SMS_SIGN_ILLEGAL'],
  [REQUEST, 'params', 'isv.INVALID_PARAMETERS isv.INVALID_JSON_PARAM isv.PARAM_LENGTH_LIMIT isv.PARAM_NOT_SUPPORT_URL'],
  [REQUEST, 'content', 'isv.BLACK_KEY_CONTROL_LIMIT isv.SMS_CONTENT_ILLEGAL'],
  [ACCOUNT, 'balance, our own caps', 'isv.AMOUNT_NOT_ENOUGH isv.DAY_LIMIT_CONTROL isv.MONTH_LIMIT_CONTROL'],
  [ACCOUNT, 'account', 'isv.OUT_OF_SERVICE isv.ACCOUNT_NOT_EXISTS isv.ACCOUNT_ABNORMAL'],
  [ACCOUNT, 'product', 'isv.PRODUCT_UN_SUBSCRIPT isv.PRODUCT_UNSUBSCRIBE'],
  [ACCOUNT, 'rights, address not allowed', 'isp.RAM_PERMISSION_DENY isv.DENY_IP_RANGE'],
  [ACCOUNT, 'credentials, clock', 'SignatureDoesNotMatch InvalidAccessKeyId* InvalidTimeStamp* SignatureNonceUsed'],
  [BUSY, 'asks to be asked again', 'isp.SYSTEM_ERROR isp.GATEWAY_ERROR Throttling*'],
  [REQUEST, 'whatever else is wrong with what we ask', 'isv.* template_parameter_count_illegal'],
]);
