import { Setting } from '@app/common';
import { IsBoolean, Matches } from 'class-validator';
import { AliyunApi, MAINLAND, numberAtAliyun, readAliyun } from '../aliyun-api.js';
import { defineProvider, defineReceipts } from '../define-provider.js';
import {
  bodyJson,
  readingOf,
  type ReceiptReader,
  type ReceiptReading,
  type ReceiptRequest,
} from '../receipt-reader.js';
import { IsCompanyUrl, IsTemplateIds, templateIds } from '../provider-settings.js';
import { jsonOf, queryFailed } from '../rejections.js';
import type {
  OutboundSms,
  ProviderCapabilities,
  QueryAnswer,
  SendOutcome,
  SentRequest,
  SmsContent,
  SmsProvider,
} from '../sms-provider.js';

export class AliyunSettings {
  @Setting({
    env: 'SMS_ALIYUN_ACCESS_KEY_ID',
    about:
      'Access key at Aliyun (阿里云) of a RAM user who may do dysms:SendSms and dysms:QuerySendDetails and nothing else.',
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
  private readonly api: AliyunApi;

  constructor(
    private readonly settings: AliyunSettings,
    now?: () => Date,
    nonce?: () => string,
  ) {
    this.api = new AliyunApi(settings, now, nonce);
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
    const answer = await this.api.ask(
      'SendSms',
      {
        PhoneNumbers: numberAtAliyun(to),
        SignName: rendered.signature ?? '',
        TemplateCode: rendered.templateId ?? '',
        TemplateParam: JSON.stringify(Object.fromEntries(rendered.params.map(({ name, value }) => [name, value]))),
        OutId: reference,
      },
      signal,
    );
    return answer.kind === 'answered' ? readAliyun(answer, ({ BizId: id }) => id) : answer;
  }

  /** QuerySendDetails (https://help.aliyun.com/document_detail/419277.html): what one number got on one day in China. */
  async query(sent: SentRequest, signal: AbortSignal): Promise<QueryAnswer> {
    const days = new Set([sent.notBefore, sent.notAfter].map(dayInChina));
    let said: QueryAnswer = { kind: 'absent' };
    for (const day of days) {
      said = await this.queryDay(sent, day, signal);
      if (said.kind === 'found') return said;
    }
    return said;
  }

  private async queryDay(sent: SentRequest, day: string, signal: AbortSignal): Promise<QueryAnswer> {
    const { to, reference, providerMessageId } = sent;
    const answer = await this.api.ask(
      'QuerySendDetails',
      {
        PhoneNumber: numberAtAliyun(to),
        SendDate: day,
        PageSize: '50',
        CurrentPage: '1',
        ...(providerMessageId !== undefined && { BizId: providerMessageId }),
      },
      signal,
    );
    if (answer.kind !== 'answered') return queryFailed(answer);
    const { Code: code, SmsSendDetailDTOs: details } = jsonOf(answer.body);
    const { SmsSendDetailDTO: list } = (details ?? {}) as { SmsSendDetailDTO?: unknown };
    if (answer.status !== 200 || code !== 'OK' || !Array.isArray(list))
      return queryFailed(answer, code === 'OK' ? undefined : code);
    const ours = (list as unknown[]).find((one) => (one as Detail | null)?.OutId === reference);
    return ours === undefined ? { kind: 'absent' } : foundDetail(ours as Detail, providerMessageId);
  }

  close(): Promise<void> {
    return this.api.close();
  }
}

/** What QuerySendDetails says of one text. */
interface Detail {
  readonly OutId?: unknown;
  /** 1 waits for the receipt, 2 failed, 3 succeeded. */
  readonly SendStatus?: unknown;
  readonly ErrCode?: unknown;
}

function foundDetail({ SendStatus: status, ErrCode: errorCode }: Detail, providerMessageId?: string): QueryAnswer {
  const found = { kind: 'found', ...(providerMessageId !== undefined && { providerMessageId }) } as const;
  if (status === 3) return { ...found, status: 'delivered' };
  if (status !== 2) return { ...found, status: 'accepted' };
  const code = typeof errorCode === 'string' && errorCode !== '' ? { errorCode: errorCode.slice(0, 64) } : {};
  return { ...found, status: 'undelivered', ...code };
}

/** yyyyMMdd. */
const dayInChina = (at: Date): string =>
  new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll('-', '');

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
