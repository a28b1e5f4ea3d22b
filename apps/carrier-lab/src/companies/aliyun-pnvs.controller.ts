import { Controller, Headers, Post, Query, Res } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { CarrierLabSettings, DEMO_ALIYUN_PNVS } from '../carrier-lab.config.js';
import { Carrier, type Company, type Reply, type Submission } from '../carrier.js';
import { Acs3, numberOf, paramsOf, STATUS, type Fields } from './acs3.js';

/** The texts that the company lends. */
const TEMPLATES: Readonly<Record<string, string>> = {
  100001: '您的验证码为${code}。尊敬的客户，以上验证码${min}分钟内有效，请注意保密，切勿告知他人。',
};

const PNVS: Company = {
  name: 'aliyun-pnvs',
  codes: {
    busy: 'isp.SYSTEM_ERROR',
    'invalid-number': 'isv.MOBILE_NUMBER_ILLEGAL',
    'too-soon': 'biz.FREQUENCY',
    'no-balance': 'isv.AMOUNT_NOT_ENOUGH',
  },
  answer: (verdict, _at, submission) => {
    const RequestId = randomUUID().toUpperCase();
    if ('refused' in verdict) {
      const { refused } = verdict;
      return { status: STATUS[refused] ?? 200, body: { Message: refused, RequestId, Code: refused, Success: false } };
    }
    const OutId = ('reference' in submission && submission.reference) || '';
    const Model = { RequestId, OutId, BizId: verdict.accepted };
    return { status: 200, body: { Message: '成功', RequestId, Model, Code: 'OK', Success: true } };
  },
};

/** 阿里云号码认证服务 (Dypnsapi 2017-05-25), SendSmsVerifyCode with a code of the caller's. */
@Controller('aliyun-pnvs')
export class AliyunPnvsController {
  private readonly acs3 = new Acs3('SendSmsVerifyCode');

  constructor(
    private readonly carrier: Carrier,
    private readonly settings: CarrierLabSettings,
  ) {}

  @Post()
  sendSmsVerifyCode(@Query() query: Fields, @Headers() headers: Fields, @Res() reply: Reply): Promise<void> {
    const to = query.CountryCode === '86' ? numberOf(query.PhoneNumber) : undefined;
    const refused = this.acs3.refusal(this.settings, query, headers) ?? complaint(query, to);
    return this.carrier.serve(PNVS, refused === undefined ? submissionOf(query, to!) : { to, refused }, reply);
  }
}

function complaint({ SignName, TemplateCode, TemplateParam }: Fields, to: string | undefined): string | undefined {
  if (!to?.startsWith('+86')) return 'isv.MOBILE_NUMBER_ILLEGAL';
  if (SignName !== DEMO_ALIYUN_PNVS.signature) return 'isv.SMS_SIGNATURE_ILLEGAL';
  if (TEMPLATES[TemplateCode ?? ''] === undefined) return 'isv.SMS_TEMPLATE_ILLEGAL';
  const { code, min } = paramsOf(TemplateParam) ?? {};
  if (typeof code !== 'string' || typeof min !== 'string') return 'isv.TEMPLATE_MISSING_PARAMETERS';
  return /^[A-Za-z0-9]{4,6}$/.test(code) ? undefined : 'isv.PARAM_LENGTH_LIMIT';
}

function submissionOf({ SignName, TemplateCode, TemplateParam, OutId }: Fields, to: string): Submission {
  const { code, min } = paramsOf(TemplateParam) as { code: string; min: string };
  const text = TEMPLATES[TemplateCode!]!.replace('${code}', code).replace('${min}', min);
  const reference = OutId === undefined ? {} : { reference: OutId };
  return { to, text: `【${SignName}】${text}`, templateId: TemplateCode!, ...reference };
}
