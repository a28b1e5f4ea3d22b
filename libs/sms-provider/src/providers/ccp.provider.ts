import { Setting } from '@app/common';
import { Matches } from 'class-validator';
import { createHash } from 'node:crypto';
import { defineProvider, defineReceipts } from '../define-provider.js';
import { ProviderHttp, type HttpAnswer } from '../provider-http.js';
import { IsCompanyUrl, IsTemplateIds, templateIds } from '../provider-settings.js';
import { bodyJson, type ReceiptReader, type ReceiptReading, type ReceiptRequest } from '../receipt-reader.js';
import {
  ACCOUNT,
  BUSY,
  idOf,
  isRedirect,
  RECIPIENT,
  REGION,
  rejectedAs,
  REQUEST,
  tooSoon,
  type Meaning,
} from '../rejections.js';
import type { OutboundSms, ProviderCapabilities, SendOutcome, SmsContent, SmsProvider } from '../sms-provider.js';

export class CcpSettings {
  @Setting({
    env: 'SMS_CCP_ACCOUNT_SID',
    about: 'Account id at CCP (容联云通讯), from its console.',
    example: '8a216da85f5c89b1015f5d0000000001',
  })
  @Matches(/^[A-Za-z0-9]{1,64}$/, { message: 'it must be letters and digits' })
  accountSid: string;

  @Setting({
    env: 'SMS_CCP_AUTH_TOKEN',
    about: 'Token of that account.',
    example: '0123456789abcdef0123456789abcdef',
    secret: true,
  })
  @Matches(/^\S+$/, { message: 'it must not be empty or hold spaces' })
  authToken: string;

  @Setting({
    env: 'SMS_CCP_APP_ID',
    about: 'Application of that account that the templates belong to.',
    example: '8a216da85f5c89b1015f5d0000000002',
  })
  @Matches(/^\S+$/, { message: 'it must not be empty or hold spaces' })
  appId: string;

  @Setting({
    env: 'SMS_CCP_TEMPLATES',
    about:
      'Its ids of approved texts, as name=id or name:locale=id; the one without locale serves all other locales. {1} of a text is the code, {2} the minutes. SMS_TEMPLATES may name them instead.',
    example: 'verification-code=1,verification-code:en=2',
    optional: true,
  })
  @IsTemplateIds(/[0-9]{1,9}/, 'a number')
  templates: string[] = [];

  @Setting({
    env: 'SMS_CCP_BASE_URL',
    about:
      'Where the company listens; plain http only on loopback, since a request shows the code and can be replayed.',
    example: 'https://app.cloopen.com:8883',
  })
  @IsCompanyUrl()
  baseUrl: string = 'https://app.cloopen.com:8883';
}

/** 容联云通讯 (CCP, cloopen), TemplateSMS of 2013-12-26: approved templates to mainland numbers. */
export class CcpProvider implements SmsProvider {
  readonly name = 'ccp';
  readonly capabilities: ProviderCapabilities;
  private readonly http: ProviderHttp;

  constructor(
    private readonly settings: CcpSettings,
    private readonly now: () => Date = () => new Date(),
  ) {
    this.http = new ProviderHttp(settings.baseUrl);
    this.capabilities = {
      guardsDuplicates: true, // within one natural day, China's, a `reqId` is taken once: not across its midnight
      approvedTexts: { ids: templateIds(settings.templates), params: ['code', 'minutes'] },
    };
  }

  supports({ to }: SmsContent): boolean {
    return MAINLAND.test(to);
  }

  async send(message: OutboundSms, signal: AbortSignal): Promise<SendOutcome> {
    const { accountSid, authToken, appId } = this.settings;
    const { sig, authorization } = signCcp(accountSid, authToken, this.now());
    const answer = await this.http.post(
      `/2013-12-26/Accounts/${accountSid}/SMS/TemplateSMS?sig=${sig}`,
      { accept: 'application/json', 'content-type': 'application/json;charset=utf-8', authorization },
      JSON.stringify({
        to: message.to.replace(MAINLAND, '$1'),
        appId,
        templateId: message.rendered.templateId,
        datas: message.rendered.params.map(({ value }) => value),
        reqId: message.reference,
      }),
      signal,
    );
    return answer.kind === 'answered' ? readAnswer(answer, message.repeated) : answer;
  }

  close(): Promise<void> {
    return this.http.close();
  }
}

/** Nothing: the company does not sign. */
export class CcpReceiptSettings {}

/** Its `SMSArrived`, one text each, as JSON or XML with the same members. `smsType` 0 is a text from the user. */
export class CcpReceipts implements ReceiptReader {
  readonly signed = false;
  readonly thanks = {
    status: 200,
    contentType: 'text/xml; charset=utf-8',
    body: '<?xml version="1.0" encoding="UTF-8"?><Response><statuscode>000000</statuscode></Response>',
  };

  read(request: ReceiptRequest): ReceiptReading {
    const json = (bodyJson(request) as { Request?: unknown } | null | undefined)?.Request;
    const members = (json ?? membersOf(request.body.toString('utf8'))) as Record<string, unknown>;
    const text = (name: string) => (typeof members[name] === 'string' ? members[name].trim() : '');
    if (text('action') !== 'SMSArrived') return { kind: 'unreadable' };
    if (text('smsType') === '0') return { kind: 'receipts', receipts: [] };
    const providerMessageId = text('content');
    const reference = /^[A-Za-z0-9]{1,32}$/.exec(text('reqId'))?.[0];
    if (!/^[A-Za-z0-9_-]{1,128}$/.test(providerMessageId)) return { kind: 'unreadable' };
    const delivered = text('status') === '0';
    const why = text('deliverCode').slice(0, 64);
    const receipt = {
      providerMessageId,
      ...(reference && { reference }),
      status: delivered ? ('delivered' as const) : ('undelivered' as const),
      ...(!delivered && why && { errorCode: why }),
    };
    return { kind: 'receipts', receipts: [receipt] };
  }
}

/** `<Request><action>SMSArrived</action>…`: flat, without attributes. */
const membersOf = (xml: string): Record<string, string> =>
  Object.fromEntries([...xml.matchAll(/<(\w+)>([^<]*)<\/\1>/g)].map(([, name, value]) => [name!, value!]));

export const ccp = defineProvider({
  name: 'ccp',
  Settings: CcpSettings,
  create: (settings) => new CcpProvider(settings),
  receipts: defineReceipts({ Settings: CcpReceiptSettings, create: () => new CcpReceipts() }),
});

const MAINLAND = /^\+86(1\d{10})$/;

/** `sig` and `Authorization` share one timestamp, in China's time wherever we run: UTC+8 the whole year since 1991. */
export function signCcp(accountSid: string, authToken: string, at: Date): { sig: string; authorization: string } {
  const inChina = new Date(at.getTime() + 8 * 3_600_000);
  const timestamp = inChina.toISOString().replace(/\D/g, '').slice(0, 14);
  return {
    sig: createHash('md5')
      .update(accountSid + authToken + timestamp)
      .digest('hex')
      .toUpperCase(),
    authorization: Buffer.from(`${accountSid}:${timestamp}`).toString('base64'),
  };
}

/**
 * The body decides, not the HTTP status. Without a code of the company's in it, a 4xx was refused by whatever stands in
 * front of the company and says nothing about the message: try later or elsewhere, and let somebody look. Anything else
 * may have been taken.
 */
function readAnswer({ status, body, retryAfterMs }: HttpAnswer, repeated: boolean): SendOutcome {
  const answer = parse(body);
  const code = answer?.statusCode;
  if (typeof code === 'string' && /^\d{6}$/.test(code)) {
    if (code !== '000000') return classifyCcp(code, repeated);
    const id = answer?.templateSMS?.smsMessageSid;
    if (status === 200) return { kind: 'accepted', ...idOf(id) };
  } else if (status >= 400 && status < 500) {
    return { ...rejectedAs(BUSY, `http-${status}`, retryAfterMs), alert: true };
  } else if (isRedirect(status)) {
    return rejectedAs(ACCOUNT, `http-${status}`);
  }
  return { kind: 'unknown', code: status === 200 ? 'unreadable-answer' : `http-${status}` };
}

function parse(body: string): { statusCode?: unknown; templateSMS?: { smsMessageSid?: unknown } } | undefined {
  try {
    return JSON.parse(body) as object;
  } catch {
    return undefined;
  }
}

/** What a code other than 000000 means. 160054 says that this reference was taken: good news only where it was sent before. */
export function classifyCcp(code: string, repeated: boolean): SendOutcome {
  if (code === '160054' && repeated) return { kind: 'accepted', duplicate: true };
  if (code === '161021') return { kind: 'unknown', code };
  return rejectedAs(MEANINGS.get(code) ?? BUSY, code);
}

/** The company's code table; 161021 (the carrier did not answer the company in time) is the one that means unknown. */
const CODES: readonly [meaning: Meaning, what: string, codes: string][] = [
  [tooSoon(60), 'codes to this number too often', '160038'],
  [RECIPIENT, 'daily cap of the number', '112314 160015 160022 160039-160041'],
  [RECIPIENT, 'same content to the same number', '160021 160056'],
  [RECIPIENT, 'bad, empty or doubled number', '112300 112306 112316 112319 160013 160042 160044 160045'],
  [RECIPIENT, 'blacklisted, unsubscribed, complained', '112317 160034 160051 160068 160072-160074'],
  [REGION, 'abroad: not enabled or not served', '160058-160062'],
  [{ ...REQUEST, failover: false }, 'reference taken before', '160054'],
  [REQUEST, 'template, content, parameters', '112301 112304 112307-112309 112311-112313 112315 112318 112323 112357'],
  [REQUEST, 'template, content, parameters', '160011 160017-160020 160030-160033 160035-160037 160043 160046 160048'],
  [REQUEST, 'template, content, parameters', '160049 160052 160055 160057 160065-160067 160069-160071 161007'],
  [ACCOUNT, 'balance', '111142 160014 161002 161003'],
  [ACCOUNT, 'credentials, clock, account closed', '111100-111110 111113 111128-111133 111138-111143 161100-161108'],
  [ACCOUNT, 'application, address not allowed', '111169-111182 112302 112303 112305 112310 113302 160012 160053'],
  [BUSY, 'concurrency, channel, database', '111111 160001-160010 160016 161005 161006 161008-161012 161020'],
  [
    BUSY,
    'failed without a cause',
    '111000-111099 112326 160000 160050 160063 160064 161000 161001 161004 161022-161024',
  ],
];

const MEANINGS: ReadonlyMap<string, Meaning> = new Map(
  CODES.flatMap(([meaning, , codes]) =>
    codes
      .split(' ')
      .flatMap(range)
      .map((code) => [code, meaning] as const),
  ),
);

function range(codes: string): string[] {
  const [first, last = first] = codes.split('-').map(Number);
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => String(Number(first) + index));
}
