import { Setting } from '@app/common';
import { Matches } from 'class-validator';
import { AliyunApi, MAINLAND, numberAtAliyun, readAliyun } from '../aliyun-api.js';
import { defineProvider } from '../define-provider.js';
import { IsCompanyUrl, IsTemplateIds, templateIds } from '../provider-settings.js';
import type { OutboundSms, ProviderCapabilities, SendOutcome, SmsContent, SmsProvider } from '../sms-provider.js';

export class AliyunPnvsSettings {
  @Setting({
    env: 'SMS_ALIYUN_PNVS_ACCESS_KEY_ID',
    about:
      'Access key at Aliyun (阿里云号码认证服务) of a RAM user who may do dypns:SendSmsVerifyCode and nothing else.',
    example: 'LTAI5tExample',
  })
  @Matches(/^[A-Za-z0-9._-]{1,128}$/, { message: 'it must be letters and digits' })
  accessKeyId: string;

  @Setting({
    env: 'SMS_ALIYUN_PNVS_ACCESS_KEY_SECRET',
    about: 'Secret of that key.',
    example: '0123456789abcdefghijABCDEFGHIJ',
    secret: true,
  })
  @Matches(/^\S+$/, { message: 'it must not be empty or hold spaces' })
  accessKeySecret: string;

  @Setting({
    env: 'SMS_ALIYUN_PNVS_SIGNATURE',
    about: 'The signature that the company lends (赠送签名), from its console: one of your own is not taken.',
    example: '速通互联验证码',
  })
  @Matches(/^[^\s【】]{2,32}$/, { message: 'it must be 2 to 32 characters without brackets' })
  signature: string;

  @Setting({
    env: 'SMS_ALIYUN_PNVS_TEMPLATES',
    about:
      'Its ids of the texts that the company lends (赠送模板), as name=id. Their variables are ${code} and ${min}, the minutes.',
    example: 'verification-code=100001',
  })
  @IsTemplateIds(/[0-9]{1,20}/, 'a number')
  templates: string[];

  @Setting({
    env: 'SMS_ALIYUN_PNVS_BASE_URL',
    about: 'Where the company listens; plain http only on loopback, since a request shows the code.',
    example: 'https://dypnsapi.aliyuncs.com',
  })
  @IsCompanyUrl()
  baseUrl: string = 'https://dypnsapi.aliyuncs.com';
}

/**
 * 阿里云号码认证服务 (Aliyun PNVS, Dypnsapi 2017-05-25), SendSmsVerifyCode, for whoever has no signature or template of
 * their own, such as individuals: both are lent. It sends the code that it is given and does not check it.
 * https://help.aliyun.com/zh/pnvs/developer-reference/api-dypnsapi-2017-05-25-sendsmsverifycode
 */
export class AliyunPnvsProvider implements SmsProvider {
  readonly name = 'aliyun-pnvs';
  readonly capabilities: ProviderCapabilities;
  private readonly api: AliyunApi;

  constructor(
    private readonly settings: AliyunPnvsSettings,
    now?: () => Date,
    nonce?: () => string,
  ) {
    this.api = new AliyunApi(settings, now, nonce);
    this.capabilities = {
      guardsDuplicates: false, // OutId only comes back
      approvedTexts: {
        ids: templateIds(settings.templates),
        params: ['code', 'minutes'],
        // As for the company's other verification texts: https://help.aliyun.com/document_detail/463237.html.
        code: { pattern: /^[A-Za-z0-9]{4,6}$/, words: '4 to 6 letters or digits' },
      },
    };
  }

  /** "目前也仅支持国内号码发送" */
  supports({ to }: SmsContent): boolean {
    return MAINLAND.test(to);
  }

  async send({ to, reference, rendered }: OutboundSms, signal: AbortSignal): Promise<SendOutcome> {
    const params = rendered.params.map(({ name, value }) => [name === 'minutes' ? 'min' : name, value]);
    const answer = await this.api.ask(
      'SendSmsVerifyCode',
      {
        CountryCode: '86',
        PhoneNumber: numberAtAliyun(to),
        SignName: this.settings.signature,
        TemplateCode: rendered.templateId ?? '',
        TemplateParam: JSON.stringify(Object.fromEntries(params)),
        OutId: reference,
      },
      signal,
    );
    if (answer.kind !== 'answered') return answer;
    return readAliyun(answer, ({ Model: model }) => (model as { BizId?: unknown } | null | undefined)?.BizId);
  }

  close(): Promise<void> {
    return this.api.close();
  }
}

export const aliyunPnvs = defineProvider({
  name: 'aliyun-pnvs',
  Settings: AliyunPnvsSettings,
  create: (settings) => new AliyunPnvsProvider(settings),
});
