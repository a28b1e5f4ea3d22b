import { Setting, StartRefused } from '@app/common';
import { IsOptional, Matches, ValidateIf } from 'class-validator';
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { defineProvider, defineReceipts } from '../define-provider.js';
import { ProviderHttp, type HttpAnswer } from '../provider-http.js';
import { textOf, type ReceiptReader, type ReceiptReading, type ReceiptRequest } from '../receipt-reader.js';
import { IsCompanyUrl } from '../provider-settings.js';
import {
  ACCOUNT,
  BUSY,
  idOf,
  isRedirect,
  jsonOf,
  queryFailed,
  RECIPIENT,
  REGION,
  rejectedAs,
  REQUEST,
  type Meaning,
} from '../rejections.js';
import type { OutboundSms, QueryAnswer, SendOutcome, SentRequest, SmsProvider } from '../sms-provider.js';

/** What the gateway needs to know of Twilio. */
export class TwilioReceiptSettings {
  @Setting({
    env: 'SMS_TWILIO_AUTH_TOKEN',
    about: 'Primary auth token of the account; Twilio signs its receipts with it.',
    example: '0123456789abcdef0123456789abcdef',
    secret: true,
  })
  @Matches(/^\S+$/, { message: 'it must not be empty or hold spaces' })
  authToken: string;

  @Setting({
    env: 'SMS_TWILIO_STATUS_CALLBACK_URL',
    about:
      'Where Twilio tells what became of texts, as it reaches the gateway from outside: the worker names it in each request, the gateway checks signatures with it. Without it the worker asks for no receipts.',
    example: 'https://verify.example.com/v1/receipts/twilio',
    optional: true,
  })
  @IsOptional()
  @Matches(/^(https:\/\/[^\s/?#@]+|http:\/\/(127\.0\.0\.1|localhost)(:\d+)?)\/[^\s?#]*$/, {
    message: 'it must be an https URL without a query, or http on loopback',
  })
  statusCallbackUrl?: string;
}

export class TwilioSettings extends TwilioReceiptSettings {
  @Setting({
    env: 'SMS_TWILIO_ACCOUNT_SID',
    about: 'Account SID at Twilio, from its console.',
    example: 'AC00000000000000000000000000000000',
  })
  @Matches(/^AC[0-9a-f]{32}$/, { message: 'it must be AC and 32 hex digits' })
  accountSid: string;

  @Setting({
    env: 'SMS_TWILIO_API_KEY',
    about: 'SID of an API key, by which requests are made instead of with the auth token.',
    example: 'SK00000000000000000000000000000000',
    optional: true,
  })
  @IsOptional()
  @Matches(/^SK[0-9a-f]{32}$/, { message: 'it must be SK and 32 hex digits' })
  apiKey?: string;

  @Setting({
    env: 'SMS_TWILIO_API_KEY_SECRET',
    about: 'Secret of that API key.',
    example: '0123456789abcdef0123456789abcdef',
    secret: true,
    optional: true,
  })
  @ValidateIf(({ apiKey, apiKeySecret }: TwilioSettings) => apiKey !== undefined || apiKeySecret !== undefined)
  @Matches(/^\S+$/, { message: 'it goes with SMS_TWILIO_API_KEY' })
  apiKeySecret?: string;

  @Setting({
    env: 'SMS_TWILIO_FROM',
    about:
      'Sender: a number of the account (+14155550100), a short code or a name, or the SID of a messaging service (MG…).',
    example: 'MG00000000000000000000000000000000',
  })
  @Matches(/^(MG[0-9a-f]{32}|\+[1-9]\d{6,14}|\d{3,8}|[A-Za-z0-9 ]{1,11})$/, {
    message: 'it must be a number, a short code, a name of at most 11 letters and digits, or MG and 32 hex digits',
  })
  from: string;

  @Setting({
    env: 'SMS_TWILIO_BASE_URL',
    about: 'Where the company listens; plain http only on loopback, since a request shows the code.',
    example: 'https://api.twilio.com',
  })
  @IsCompanyUrl()
  baseUrl: string = 'https://api.twilio.com';
}

/** Twilio Messages of 2010-04-01: any text to any country that the account may send to. */
export class TwilioProvider implements SmsProvider {
  readonly name = 'twilio';
  /** "Sending an SMS is not idempotent", says its page of error 20500. */
  readonly capabilities = { guardsDuplicates: false };
  private readonly http: ProviderHttp;

  constructor(private readonly settings: TwilioSettings) {
    this.http = new ProviderHttp(settings.baseUrl);
  }

  supports(): boolean {
    return true;
  }

  async send({ to, rendered, reference, ttlSeconds }: OutboundSms, signal: AbortSignal): Promise<SendOutcome> {
    const { from, statusCallbackUrl } = this.settings;
    const answer = await this.http.post(
      `${this.path}.json`,
      { ...this.headers, 'content-type': 'application/x-www-form-urlencoded' },
      new URLSearchParams({
        To: to,
        Body: rendered.text,
        [/^MG[0-9a-f]{32}$/.test(from) ? 'MessagingServiceSid' : 'From']: from,
        ValidityPeriod: String(Math.min(ttlSeconds, MAX_VALIDITY_SECONDS)),
        ...(statusCallbackUrl && { StatusCallback: `${statusCallbackUrl}?ref=${reference}` }),
      }).toString(),
      signal,
    );
    return answer.kind === 'answered' ? readAnswer(answer) : answer;
  }

  /** By its SID, else in the list of what the number got: https://www.twilio.com/docs/messaging/api/message-resource. */
  async query(sent: SentRequest, signal: AbortSignal): Promise<QueryAnswer> {
    const { providerMessageId: sid, to, notBefore } = sent;
    const list = new URLSearchParams({ To: to, 'DateSent>': notBefore.toISOString().slice(0, 10), PageSize: '50' });
    const path = sid === undefined ? `.json?${list.toString()}` : `/${encodeURIComponent(sid)}.json`;
    const answer = await this.http.get(this.path + path, this.headers, signal);
    if (answer.kind !== 'answered') return queryFailed(answer);
    if (answer.status === 404 && sid !== undefined) return { kind: 'absent' };
    if (answer.status !== 200) return queryFailed(answer);
    const body = jsonOf(answer.body);
    if (sid !== undefined) return foundIn([body], answer);
    if (!Array.isArray(body.messages)) return queryFailed(answer);
    const those = body.messages.filter(isThat(sent));
    // Without its words, one of two that it may be is none that it is.
    return sent.text === undefined && those.length > 1 ? { kind: 'absent' } : foundIn(those, answer);
  }

  private get path(): string {
    return `/2010-04-01/Accounts/${this.settings.accountSid}/Messages`;
  }

  private get headers(): Record<string, string> {
    const { accountSid, authToken, apiKey, apiKeySecret } = this.settings;
    const authorization = apiKey === undefined ? basicAuth(accountSid, authToken) : basicAuth(apiKey, apiKeySecret!);
    return { accept: 'application/json', authorization };
  }

  close(): Promise<void> {
    return this.http.close();
  }
}

/** Its `ValidityPeriod`: how long Twilio tries to hand a text on. */
const MAX_VALIDITY_SECONDS = 14_400;

export const basicAuth = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

function readAnswer({ status, body, retryAfterMs }: HttpAnswer): SendOutcome {
  const answer = objectOf(body);
  if (status === 201) {
    const id = idOf(answer?.sid);
    return id.providerMessageId === undefined
      ? { kind: 'unknown', code: 'unreadable-answer' }
      : { kind: 'accepted', ...id };
  }
  const code = typeof answer?.code === 'number' ? String(answer.code) : undefined;
  // Its page says that a 429 "was never processed". The account's daily cap (63038) comes as one too.
  if (status === 429) return rejectedAs(MEANINGS.get(code ?? '') ?? BUSY, code ?? 'http-429', retryAfterMs);
  if (isRedirect(status)) return rejectedAs(ACCOUNT, `http-${status}`);
  if (status < 400 || status >= 500) return { kind: 'unknown', code: code ?? `http-${status}` };
  return classifyTwilio(code ?? `http-${status}`);
}

/** Twilio does not keep our reference: it must be this text, or, where nobody knows the text any more, made at that time. */
const isThat =
  ({ to, text, notBefore, notAfter }: SentRequest) =>
  (message: unknown): boolean => {
    const { to: number, body, direction, date_created: created } = (message ?? {}) as Record<string, unknown>;
    const at = Date.parse(String(created));
    if (number !== to || !String(direction).startsWith('outbound')) return false;
    if (!(at >= notBefore.getTime() && at <= notAfter.getTime())) return false;
    return text === undefined || body === text;
  };

/** The newest comes first. */
function foundIn([message]: readonly unknown[], answer: HttpAnswer): QueryAnswer {
  if (message === undefined) return { kind: 'absent' };
  const { sid, status, error_code: errorCode } = (message ?? {}) as Record<string, unknown>;
  if (typeof sid !== 'string' || sid === '' || sid.length > 128 || typeof status !== 'string')
    return queryFailed(answer);
  const found = { kind: 'found', providerMessageId: sid } as const;
  if (!FINAL.has(status)) return { ...found, status: 'accepted' };
  if (status === 'delivered') return { ...found, status };
  return { ...found, status: 'undelivered', ...(typeof errorCode === 'number' && { errorCode: String(errorCode) }) };
}

function objectOf(body: string): { sid?: unknown; code?: unknown } | undefined {
  try {
    return (JSON.parse(body) as object | null) ?? undefined;
  } catch {
    return undefined;
  }
}

/** https://www.twilio.com/docs/api/errors */
const CODES: readonly [meaning: Meaning, what: string, codes: string][] = [
  [BUSY, 'too many requests; queue full', '20429 30001'],
  [RECIPIENT, 'no such number, no mobile, landline', '21211 21217 21614 21635'],
  [RECIPIENT, 'has unsubscribed', '21610'],
  [REGION, 'country not enabled, not reachable from this sender, trial', '21408 21612 21608'],
  [REQUEST, 'sender or body', '21212 21603 21604 21605 21606 21617 30007 30034'],
  [ACCOUNT, 'credentials, suspended', '20003 20005 20008 30002 http-401 http-403'],
  [ACCOUNT, 'daily or hourly cap', '63038 60728'],
];

const MEANINGS: ReadonlyMap<string, Meaning> = new Map(
  CODES.flatMap(([meaning, , codes]) => codes.split(' ').map((code) => [code, meaning] as const)),
);

/** What is refused with a 4xx has not been sent. A code that the table does not have is about the request. */
export function classifyTwilio(code: string): SendOutcome {
  if (code === '20500' || code === '20503') return { kind: 'unknown', code };
  return rejectedAs(MEANINGS.get(code) ?? REQUEST, code);
}

/** Its status callbacks: one text each, form-encoded, signed with the URL. */
export class TwilioReceipts implements ReceiptReader {
  readonly signed = true;
  readonly thanks = { status: 204 };

  /** @throws StartRefused without the URL: every receipt would look forged. */
  constructor(private readonly settings: TwilioReceiptSettings) {
    if (settings.statusCallbackUrl === undefined) {
      throw new StartRefused(
        'Twilio signs its receipts with the address they go to: set SMS_TWILIO_STATUS_CALLBACK_URL, or leave twilio out of RECEIPT_PROVIDERS.',
      );
    }
  }

  read(request: ReceiptRequest): ReceiptReading {
    const query = request.url.includes('?') ? request.url.slice(request.url.indexOf('?')) : '';
    const { authToken, statusCallbackUrl = '' } = this.settings;
    const signature = textOf(request, 'x-twilio-signature');
    if (!isSignedByTwilio(authToken, signature, statusCallbackUrl + query, request.body)) return { kind: 'forged' };
    const form = new URLSearchParams(request.body.toString('utf8'));
    const providerMessageId = form.get('MessageSid');
    const status = form.get('MessageStatus');
    if (!providerMessageId || !status || providerMessageId.length > 128) return { kind: 'unreadable' };
    if (!FINAL.has(status)) return { kind: 'receipts', receipts: [] };
    const reference = /^[A-Za-z0-9]{1,32}$/.exec(new URLSearchParams(query).get('ref') ?? '')?.[0];
    const errorCode = /^\d{1,8}$/.exec(form.get('ErrorCode') ?? '')?.[0];
    const receipt = {
      providerMessageId,
      ...(reference && { reference }),
      status: status === 'delivered' ? ('delivered' as const) : ('undelivered' as const),
      ...(errorCode && { errorCode }),
    };
    return { kind: 'receipts', receipts: [receipt] };
  }
}

/** The others (accepted, queued, sending, sent) say that it is on its way. */
const FINAL: ReadonlySet<string> = new Set(['delivered', 'undelivered', 'failed']);

/**
 * https://www.twilio.com/docs/usage/webhooks/webhooks-security: HMAC-SHA1 of the URL and, sorted, every name with its values,
 * which are sorted and unique. Twilio may have signed the URL with the standard port or without any, and with either
 * spelling of its query. Where the body is no form, the URL holds the body's hash instead.
 */
export function isSignedByTwilio(authToken: string, signature: string | undefined, url: string, body: Buffer): boolean {
  if (signature === undefined) return false;
  const bodyHash = /[?&]bodySHA256=([0-9a-f]{64})/.exec(url)?.[1];
  if (bodyHash !== undefined && createHash('sha256').update(body).digest('hex') !== bodyHash) return false;
  const form = new URLSearchParams(bodyHash === undefined ? body.toString('utf8') : '');
  const fields = [...new Set(form.keys())]
    .sort()
    .map((name) => name + [...new Set(form.getAll(name))].sort().join(name));
  const given = Buffer.from(signature);
  return spellingsOf(url).some((spelling) => {
    const wanted = createHmac('sha1', authToken)
      .update(spelling + fields.join(''))
      .digest('base64');
    return given.length === wanted.length && timingSafeEqual(given, Buffer.from(wanted));
  });
}

function spellingsOf(url: string): string[] {
  const [, start, port = '', rest] = /^(https?:\/\/[^/?#]*?)(:\d+)?([/?#].*)?$/.exec(url) ?? [];
  if (start === undefined) return [];
  const standard = start.startsWith('https') ? ':443' : ':80';
  const path = rest ?? '';
  const queries = [...new Set([path, path.replaceAll("'", '%27')])];
  return [...new Set([port, '', standard])].flatMap((one) => queries.map((query) => start + one + query));
}

export const twilio = defineProvider({
  name: 'twilio',
  Settings: TwilioSettings,
  create: (settings) => new TwilioProvider(settings),
  receipts: defineReceipts({
    Settings: TwilioReceiptSettings,
    create: (settings) => new TwilioReceipts(settings),
  }),
});
