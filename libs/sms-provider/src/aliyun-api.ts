import { createHash, createHmac, randomUUID } from 'node:crypto';
import { ProviderHttp, type HttpAnswer, type NoAnswer } from './provider-http.js';
import { ACCOUNT, BUSY, codeTable, idOf, jsonOf, RECIPIENT, refused, REGION, REQUEST, tooSoon } from './rejections.js';
import type { SendOutcome } from './sms-provider.js';

/** An account at Aliyun, and where one of its products listens. */
export interface AliyunAccount {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly baseUrl: string;
}

/** The API of Aliyun's products of version 2017-05-25: signed, everything in the query. */
export class AliyunApi {
  private readonly http: ProviderHttp;
  private readonly host: string;

  constructor(
    private readonly account: AliyunAccount,
    private readonly now: () => Date = () => new Date(),
    private readonly nonce: () => string = randomUUID,
  ) {
    this.http = new ProviderHttp(account.baseUrl);
    this.host = new URL(account.baseUrl).host;
  }

  /** One signed request. Never rejects. */
  ask(action: string, params: Readonly<Record<string, string>>, signal: AbortSignal): Promise<HttpAnswer | NoAnswer> {
    const { accessKeyId, accessKeySecret } = this.account;
    const { headers, query } = signAcs3({
      accessKeyId,
      accessKeySecret,
      query: params,
      headers: {
        host: this.host,
        'x-acs-action': action,
        'x-acs-version': '2017-05-25',
        'x-acs-date': this.now().toISOString().replace(/\.\d+/, ''),
        'x-acs-signature-nonce': this.nonce(),
      },
      body: '',
    });
    return this.http.post(`/?${query}`, { ...headers, accept: 'application/json' }, '', signal);
  }

  close(): Promise<void> {
    return this.http.close();
  }
}

/** A number as its products in China write it: mainland without a country code, others without the plus. */
export const numberAtAliyun = (to: string): string => to.replace(MAINLAND, '$1').replace('+', '');

export const MAINLAND = /^\+86(1\d{10})$/;

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

/**
 * HTTP 200 is no success: the body's `Code` is. Without one a 4xx was refused before the company looked at the text. `findId`
 * finds the company's id of the text in a body that says OK.
 */
export function readAliyun(
  answer: HttpAnswer,
  findId: (body: Readonly<Record<string, unknown>>) => unknown,
): SendOutcome {
  const body = jsonOf(answer.body);
  const { Code: code, Message: message } = body;
  if (code === 'OK' && answer.status === 200) return { kind: 'accepted', ...idOf(findId(body)) };
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

/** https://help.aliyun.com/document_detail/101346.html; `biz.FREQUENCY` is that of SendSmsVerifyCode. */
const meaningOf = codeTable([
  [tooSoon(60), 'this number too often', 'BUSINESS_LIMIT_CONTROL_MINUTE BUSINESS_LIMIT_CONTROL_PHONE biz.FREQUENCY'],
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
