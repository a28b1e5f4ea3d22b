import { Controller, Headers, Post, Query, Res } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { CarrierLabSettings } from '../carrier-lab.config.js';
import { Carrier, type Company, type Reply, type Submission } from '../carrier.js';
import type { KeptText } from '../records.js';
import { Acs3, numberOf, paramsOf, STATUS, type Fields } from './acs3.js';

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

/** 阿里云短信服务 (Dysmsapi 2017-05-25), SendSms and QuerySendDetails. Everything is in the query; the signature is for the path `/`. */
@Controller('aliyun')
export class AliyunController {
  private readonly acs3 = new Acs3('SendSms', 'QuerySendDetails');

  constructor(
    private readonly carrier: Carrier,
    private readonly settings: CarrierLabSettings,
  ) {}

  @Post()
  serve(@Query() query: Fields, @Headers() headers: Fields, @Res() reply: Reply): Promise<void> {
    const refused = this.acs3.refusal(this.settings, query, headers);
    const asks = headers['x-acs-action'] === 'QuerySendDetails';
    return asks ? this.querySendDetails(query, refused, reply) : this.sendSms(query, refused, reply);
  }

  private querySendDetails(query: Fields, unsigned: string | undefined, reply: Reply): Promise<void> {
    const { PhoneNumber, SendDate = '', PageSize, CurrentPage, BizId } = query;
    const to = numberOf(PhoneNumber);
    const wrong = to === undefined || !/^\d{8}$/.test(SendDate) || !Number(CurrentPage) || !(Number(PageSize) <= 50);
    const refused = unsigned ?? (wrong ? 'isv.INVALID_PARAMETERS' : undefined);
    return this.carrier.tell(ALIYUN, to, reply, (texts) => {
      if (refused !== undefined) return ALIYUN.answer({ refused }, new Date(), { refused });
      const details = texts
        .filter(({ id, at }) => (BizId ?? id) === id && timeInChina(at).startsWith(dashed(SendDate)))
        .map(detailOf);
      const body = { TotalCount: String(details.length), Message: 'OK', RequestId: randomUUID(), Code: 'OK' };
      return { status: 200, body: { ...body, SmsSendDetailDTOs: { SmsSendDetailDTO: details } } };
    });
  }

  private sendSms(query: Fields, unsigned: string | undefined, reply: Reply): Promise<void> {
    const to = numberOf(query.PhoneNumbers);
    const refused = unsigned ?? complaint(query, to, this.settings);
    return this.carrier.serve(ALIYUN, refused === undefined ? submissionOf(query, to!) : { to, refused }, reply);
  }
}

/** https://help.aliyun.com/document_detail/419277.html */
const detailOf = ({ to, reference, text, templateId, at, status }: KeptText) => ({
  PhoneNum: to.replace('+86', ''),
  OutId: reference ?? '',
  Content: text,
  TemplateCode: templateId,
  SendDate: timeInChina(at),
  SendStatus: { underway: 1, undelivered: 2, delivered: 3 }[status],
  ...(status !== 'underway' && {
    ReceiveDate: timeInChina(new Date()),
    ErrCode: status === 'delivered' ? 'DELIVERED' : 'UNDELIV',
  }),
});

const timeInChina = (at: Date) => new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
const dashed = (day: string) => day.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3');

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
