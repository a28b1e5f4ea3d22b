import { Controller, Headers, Post, Query, Res } from '@nestjs/common';
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { CarrierLabSettings } from '../carrier-lab.config.js';
import { Carrier, type Company, type Reply, type Submission } from '../carrier.js';
import { RecentMap } from '../recent-map.js';

/** The texts that the company has approved, of the kind that it calls 验证码: one variable. */
const TEMPLATES: Readonly<Record<string, string>> = {
  SMS_100001: '您的验证码是${code}，5分钟内有效，请勿泄露给他人。',
  SMS_100002: 'Your verification code is ${code}. It is valid for 5 minutes.',
};

const MESSAGES: Readonly<Record<string, string>> = {
  'isv.BUSINESS_LIMIT_CONTROL': '触发分钟级流控Permits:1',
  'isv.SMS_SIGNATURE_ILLEGAL': '短信签名不合法',
  'isv.SMS_TEMPLATE_ILLEGAL': '短信模板不合法',
  'isv.MOBILE_NUMBER_ILLEGAL': '手机号码格式错误',
  'isv.AMOUNT_NOT_ENOUGH': '账户余额不足',
  SignatureDoesNotMatch: 'Specified signature is not matched with our calculation.',
};

/** What the front of the company's API refuses, with its HTTP status; everything else is 200. */
const STATUS: Readonly<Record<string, number>> = {
  MissingAuthorization: 400,
  SignatureDoesNotMatch: 400,
  SignatureNonceUsed: 400,
  'InvalidTimeStamp.Expired': 400,
  'InvalidAccessKeyId.NotFound': 404,
  'InvalidAction.NotFound': 404,
};

const ALIYUN: Company = {
  name: 'aliyun',
  codes: {
    busy: 'isp.SYSTEM_ERROR',
    'invalid-number': 'isv.MOBILE_NUMBER_ILLEGAL',
    'too-soon': 'isv.BUSINESS_LIMIT_CONTROL',
    'no-balance': 'isv.AMOUNT_NOT_ENOUGH',
  },
  answer: (verdict) => {
    const RequestId = randomUUID().toUpperCase();
    if ('accepted' in verdict)
      return { status: 200, body: { Message: 'OK', RequestId, Code: 'OK', BizId: verdict.accepted } };
    const { refused } = verdict;
    return {
      status: STATUS[refused] ?? 200,
      body: { Message: MESSAGES[refused] ?? refused, RequestId, Code: refused },
    };
  },
  receipt: ({ to, id, reference, delivered }) => ({
    path: '/aliyun/{token}',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([
      {
        phone_number: to.replace('+86', ''),
        success: delivered,
        err_code: delivered ? 'DELIVERED' : 'UNDELIV',
        biz_id: id,
        ...(reference !== undefined && { out_id: reference }),
        sms_size: '1',
      },
    ]),
  }),
};

type Fields = Readonly<Record<string, string | undefined>>;

/** 阿里云短信服务 (Dysmsapi 2017-05-25), SendSms. Everything is in the query; the signature is for the path `/`. */
@Controller('aliyun')
export class AliyunController {
  private readonly nonces = new RecentMap<true>();

  constructor(
    private readonly carrier: Carrier,
    private readonly settings: CarrierLabSettings,
  ) {}

  @Post()
  sendSms(@Query() query: Fields, @Headers() headers: Fields, @Res() reply: Reply): Promise<void> {
    const to = numberOf(query.PhoneNumbers);
    const refused = this.signature(query, headers) ?? complaint(query, to, this.settings);
    return this.carrier.serve(ALIYUN, refused === undefined ? submissionOf(query, to!) : { to, refused }, reply);
  }

  /** The code for what is wrong with the credentials. */
  private signature(query: Fields, headers: Fields): string | undefined {
    const [, keyId, names = '', signature] =
      /^ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})$/.exec(
        headers.authorization ?? '',
      ) ?? [];
    if (signature === undefined) return 'MissingAuthorization';
    const { aliyunAccessKeyId, aliyunAccessKeySecret } = this.settings;
    if (keyId !== aliyunAccessKeyId) return 'InvalidAccessKeyId.NotFound';
    const signed = names.split(';');
    const mustBe = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-acs-'))];
    if (
      !mustBe.every((name) => signed.includes(name)) ||
      signatureOf(aliyunAccessKeySecret, query, headers, signed) !== signature
    )
      return 'SignatureDoesNotMatch';
    if (!(Math.abs(Date.now() - Date.parse(headers['x-acs-date'] ?? '')) < 15 * 60_000))
      return 'InvalidTimeStamp.Expired';
    const nonce = headers['x-acs-signature-nonce'] ?? '';
    if (nonce === '' || this.nonces.get(nonce)) return 'SignatureNonceUsed';
    this.nonces.set(nonce, true);
    const action = `${headers['x-acs-action']} ${headers['x-acs-version']}`;
    return action === 'SendSms 2017-05-25' ? undefined : 'InvalidAction.NotFound';
  }
}

/** https://help.aliyun.com/document_detail/2593177.html, for an empty body. */
function signatureOf(secret: string, query: Fields, headers: Fields, signed: readonly string[]): string {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const encode = (text = '') =>
    encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  const pairs = Object.keys(query)
    .sort()
    .map((name) => `${encode(name)}=${encode(query[name])}`);
  const lines = signed.map((name) => `${name}:${(headers[name] ?? '').trim()}\n`);
  const canonical = `POST\n/\n${pairs.join('&')}\n${lines.join('')}\n${signed.join(';')}\n${sha256('')}`;
  const hmac = createHmac('sha256', secret);
  return hmac.update(`ACS3-HMAC-SHA256\n${sha256(canonical)}`).digest('hex');
}

/** E.164: a mainland number may have +86, 86, 0086 or nothing before it; others have their country code. */
function numberOf(written: string | undefined): string | undefined {
  const mainland = /^(?:\+|00)?(?:86)?(1\d{10})$/.exec(written ?? '');
  if (mainland) return `+86${mainland[1]}`;
  return /^[2-9]\d{6,14}$|^1\d{10}$/.test(written ?? '') ? `+${written}` : undefined;
}

/** The code for what is wrong with the text. */
function complaint(
  { SignName, TemplateCode, TemplateParam, OutId = '' }: Fields,
  to: string | undefined,
  { signature }: CarrierLabSettings,
) {
  if (to === undefined) return 'isv.MOBILE_NUMBER_ILLEGAL';
  if (SignName !== signature) return 'isv.SMS_SIGNATURE_ILLEGAL';
  if (TEMPLATES[TemplateCode ?? ''] === undefined) return 'isv.SMS_TEMPLATE_ILLEGAL';
  const params = paramsOf(TemplateParam);
  if (!params) return 'isv.INVALID_JSON_PARAM';
  if (typeof params.code !== 'string') return 'isv.TEMPLATE_MISSING_PARAMETERS';
  if (!/^[A-Za-z0-9]{4,6}$/.test(params.code)) return 'isv.PARAM_LENGTH_LIMIT';
  return OutId.length < 256 ? undefined : 'isv.INVALID_PARAMETERS';
}

function submissionOf({ SignName, TemplateCode, TemplateParam, OutId }: Fields, to: string): Submission {
  const { code } = paramsOf(TemplateParam) as { code: string };
  const text = `【${SignName}】${TEMPLATES[TemplateCode!]!.replace('${code}', code)}`;
  return { to, text, templateId: TemplateCode!, ...(OutId !== undefined && { reference: OutId }) };
}

function paramsOf(json = ''): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = JSON.parse(json) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
