import { Body, Controller, Headers, Param, Post, Query, Res } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { CarrierLabSettings } from '../carrier-lab.config.js';
import { Carrier, type Company, type Reply, type Submission } from '../carrier.js';

/** The texts that the company has approved; {1}, {2} are filled from `datas`. */
const TEMPLATES: Readonly<Record<string, string>> = {
  1: '【Otpost】您的验证码是{1}，请于{2}分钟内正确输入',
  2: '[Otpost] Your verification code is {1}. It expires in {2} minutes.',
};

const MESSAGES: Readonly<Record<string, string>> = {
  '111181': 'the application does not belong to the account',
  '112300': 'the number is missing',
  '112311': 'no such template',
  '160031': 'the parameters cannot be read',
  '160038': 'codes to this number too often',
  '160042': 'the number is malformed',
  '160050': 'sending failed',
  '160052': 'the values do not fit the template',
  '160054': 'repeated request',
  '160055': 'reqId is not 1 to 32 letters and digits',
  '160057': 'the template id is not a number',
  '161100': 'the signature does not match',
  '161101': 'Authorization is missing',
  '161103': 'Authorization is malformed, or names another account than the address',
  '161106': 'the timestamp is more than a day from now in China',
  '161108': 'the timestamp is malformed',
};

const CCP: Company = {
  name: 'ccp',
  codes: { busy: '160050', 'invalid-number': '160042', 'too-soon': '160038', 'no-balance': '111142' },
  repeated: '160054',
  answer: (verdict, at) => ({
    status: 200,
    body:
      'accepted' in verdict
        ? { statusCode: '000000', templateSMS: { dateCreated: timeInChina(at), smsMessageSid: verdict.accepted } }
        : { statusCode: verdict.refused, statusMsg: MESSAGES[verdict.refused] ?? 'refused' },
  }),
  receipt: ({ to, id, reference, delivered }) => ({
    path: '/ccp/{token}',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      Request: {
        action: 'SMSArrived',
        smsType: '1',
        apiVersion: '2013-12-26',
        content: id,
        fromNum: to.replace('+86', ''),
        dateSent: timeInChina(new Date()),
        recvTime: timeInChina(new Date()),
        deliverCode: delivered ? 'DELIVRD' : 'UNDELIV',
        status: delivered ? '0' : '1',
        ...(reference !== undefined && { reqId: reference }),
        smsCount: '1',
      },
    }),
  }),
};

/** 容联云通讯 (CCP, cloopen), TemplateSMS of 2013-12-26, in JSON, one number a request. */
@Controller('2013-12-26/Accounts')
export class CcpController {
  constructor(
    private readonly carrier: Carrier,
    private readonly settings: CarrierLabSettings,
  ) {}

  @Post(':sid/SMS/TemplateSMS')
  templateSms(
    @Param('sid') sid: string,
    @Query('sig') sig: string | undefined,
    @Headers('authorization') authorization: string | undefined,
    @Body() body: unknown,
    @Res() reply: Reply,
  ): Promise<void> {
    const request = (typeof body === 'object' && body !== null ? body : {}) as TemplateSms;
    const to = typeof request.to === 'string' && /^1\d{10}$/.test(request.to) ? `+86${request.to}` : undefined;
    const refused = this.signature(sid, sig, authorization, new Date()) ?? this.complaint(request, to);
    return this.carrier.serve(CCP, refused === undefined ? submissionOf(request, to!) : { to, refused }, reply);
  }

  /** The code for what is wrong with the credentials. */
  private signature(sid: string, sig: string | undefined, authorization: string | undefined, now: Date) {
    if (!authorization) return '161101';
    const [account, timestamp] = Buffer.from(authorization, 'base64').toString().split(':');
    const { ccpAccountSid, ccpAuthToken } = this.settings;
    if (!timestamp || account !== sid) return '161103';
    const at = Date.parse(timestamp.replace(/^(\d{4})(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6+08:00'));
    if (Number.isNaN(at)) return '161108';
    if (Math.abs(now.getTime() - at) > 24 * 3_600_000) return '161106';
    const expected = createHash('md5').update(ccpAccountSid + ccpAuthToken + timestamp);
    return sid === ccpAccountSid && sig === expected.digest('hex').toUpperCase() ? undefined : '161100';
  }

  /** The code for what is wrong with the body. */
  private complaint({ to, appId, templateId, datas, reqId }: TemplateSms, number: string | undefined) {
    if (to === undefined || to === '') return '112300';
    if (number === undefined) return '160042';
    if (appId !== this.settings.ccpAppId) return '111181';
    if (typeof templateId !== 'string' || !/^\d+$/.test(templateId)) return '160057';
    const template = TEMPLATES[templateId];
    if (template === undefined) return '112311';
    const places = template.match(/\{\d\}/g)?.length;
    if (!Array.isArray(datas)) return '160031';
    if (datas.length !== places || !datas.every((value) => typeof value === 'string' && value !== '')) return '160052';
    if (reqId !== undefined && !(typeof reqId === 'string' && /^[A-Za-z0-9]{1,32}$/.test(reqId))) return '160055';
    return undefined;
  }
}

type TemplateSms = Partial<Record<'to' | 'appId' | 'templateId' | 'datas' | 'reqId', unknown>>;

function submissionOf(request: TemplateSms, to: string): Submission {
  const { templateId, datas, reqId } = request as { templateId: string; datas: string[]; reqId?: string };
  const text = TEMPLATES[templateId]!.replace(/\{(\d)\}/g, (_, place) => datas[Number(place) - 1]!);
  return { to, text, templateId, reference: reqId };
}

const timeInChina = (at: Date) => new Date(at.getTime() + 8 * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 14);
