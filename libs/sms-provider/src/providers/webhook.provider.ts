import { Setting } from '@app/common';
import { IsOptional, Matches } from 'class-validator';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { defineProvider, defineReceipts } from '../define-provider.js';
import { ProviderHttp, type HttpAnswer } from '../provider-http.js';
import { IsCompanyUrl } from '../provider-settings.js';
import {
  bodyJson,
  readingOf,
  textOf,
  type Receipt,
  type ReceiptReader,
  type ReceiptReading,
  type ReceiptRequest,
} from '../receipt-reader.js';
import { idOf, isRedirect } from '../rejections.js';
import type { OutboundSms, SendOutcome, SmsProvider } from '../sms-provider.js';

const IsWebhookSecret = () =>
  Matches(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, { message: 'it must be whsec_ and the base64 of 24 to 64 bytes' });

/** What the gateway needs to know of it. */
export class WebhookReceiptSettings {
  @Setting({
    env: 'SMS_WEBHOOK_SECRET',
    about: 'Signs what is sent to the webhook, and the receipts that come from it (Standard Webhooks).',
    example: 'whsec_$(openssl rand -base64 32)',
    secret: true,
  })
  @IsWebhookSecret()
  secret: string;
}

export class WebhookSettings extends WebhookReceiptSettings {
  @Setting({
    env: 'SMS_WEBHOOK_URL',
    about:
      'Where texts are posted to; plain http only on loopback, since a request shows the code. Redirects are not followed.',
    example: 'https://sms.example.com/texts',
  })
  @IsCompanyUrl()
  url: string;

  @Setting({
    env: 'SMS_WEBHOOK_PREFIXES',
    about: 'Prefixes of the numbers that it carries. None: every number.',
    example: '+86,+852',
    optional: true,
  })
  @IsOptional()
  @Matches(/^\+[1-9]\d{0,14}$/, { each: true, message: 'each must be a prefix such as +86' })
  prefixes: string[] = [];
}

/** Anybody's own service: what it must do is in docs/extending.md. */
export class WebhookProvider implements SmsProvider {
  readonly name = 'webhook';
  /** Whoever serves it sends one text for one `webhook-id`. */
  readonly capabilities = { guardsDuplicates: true };
  private readonly http: ProviderHttp;
  private readonly path: string;

  constructor(
    private readonly settings: WebhookSettings,
    private readonly now: () => Date = () => new Date(),
  ) {
    const { origin, pathname } = new URL(settings.url);
    this.http = new ProviderHttp(origin);
    this.path = pathname;
  }

  supports({ to }: { to: string }): boolean {
    const { prefixes } = this.settings;
    return prefixes.length === 0 || prefixes.some((prefix) => to.startsWith(prefix));
  }

  async send(
    { to, template, locale, params, rendered, reference }: OutboundSms,
    signal: AbortSignal,
  ): Promise<SendOutcome> {
    const body = JSON.stringify({ id: reference, to, text: rendered.text, template, locale, params });
    const timestamp = Math.floor(this.now().getTime() / 1000);
    const signed = { id: reference, timestamp, body };
    const answer = await this.http.post(
      this.path,
      {
        'content-type': 'application/json',
        'webhook-id': reference,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': signWebhook(this.settings.secret, signed),
      },
      body,
      signal,
    );
    return answer.kind === 'answered' ? readAnswer(answer) : answer;
  }

  close(): Promise<void> {
    return this.http.close();
  }
}

/** https://www.standardwebhooks.com: HMAC-SHA256 of id, time and body. */
export function signWebhook(secret: string, signed: { id: string; timestamp: number; body: string | Buffer }): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const mac = createHmac('sha256', key).update(`${signed.id}.${signed.timestamp}.`).update(signed.body);
  return `v1,${mac.digest('base64')}`;
}

/** S51: any 2xx is accepted. */
function readAnswer({ status, body, retryAfterMs }: HttpAnswer): SendOutcome {
  const code = `http-${status}`;
  if (status >= 200 && status < 300) return { kind: 'accepted', ...idIn(body) };
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  switch (status) {
    case 409:
      return { kind: 'accepted', ...idIn(body), duplicate: true };
    case 422:
      return { kind: 'rejected', class: 'PERMANENT', scope: 'recipient', code };
    case 401:
    case 402:
    case 403:
      return { kind: 'rejected', class: 'PERMANENT', scope: 'account', code };
    case 408:
    case 425:
    case 429:
      return { kind: 'rejected', class: 'RETRYABLE', scope: 'provider', code, ...wait };
    case 503:
      if (retryAfterMs !== undefined) return { kind: 'rejected', class: 'RETRYABLE', scope: 'provider', code, ...wait };
  }
  if (isRedirect(status)) return { kind: 'rejected', class: 'PERMANENT', scope: 'account', code };
  if (status >= 400 && status < 500) return { kind: 'rejected', class: 'PERMANENT', scope: 'request', code };
  return { kind: 'unknown', code };
}

/** `{"id": …}`, where whoever serves it has an id of its own. */
function idIn(body: string): { providerMessageId?: string } {
  try {
    return idOf((JSON.parse(body) as { id?: unknown } | null)?.id);
  } catch {
    return {};
  }
}

/** Older or newer receipts than this could be old ones sent again. */
const TOLERANCE_MS = 5 * 60_000;

/** `{"reference": …, "id": …, "status": "delivered" | "undelivered", "errorCode": …}`, one or a list of them, signed alike. */
export class WebhookReceipts implements ReceiptReader {
  readonly signed = true;
  readonly thanks = { status: 204 };

  constructor(private readonly settings: WebhookReceiptSettings) {}

  read(request: ReceiptRequest): ReceiptReading {
    if (!isSignedWebhook(this.settings.secret, request)) return { kind: 'forged' };
    const json = bodyJson(request);
    const receipts = (Array.isArray(json) ? json : [json]).map(receiptOf);
    return readingOf(receipts);
  }
}

/** The header may hold signatures of several keys: `v1,… v1,…`. */
export function isSignedWebhook(secret: string, request: ReceiptRequest): boolean {
  const id = textOf(request, 'webhook-id');
  const timestamp = textOf(request, 'webhook-timestamp') ?? '';
  if (id === undefined || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(request.now.getTime() - Number(timestamp) * 1000) > TOLERANCE_MS) return false;
  const wanted = Buffer.from(signWebhook(secret, { id, timestamp: Number(timestamp), body: request.body }));
  return (textOf(request, 'webhook-signature') ?? '')
    .split(' ')
    .map((one) => Buffer.from(one))
    .some((given) => given.length === wanted.length && timingSafeEqual(given, wanted));
}

function receiptOf(value: unknown): Receipt | undefined {
  const { id, reference, status, errorCode } = (value ?? {}) as Record<string, unknown>;
  const isId = (one: unknown): one is string => typeof one === 'string' && one !== '' && one.length <= 128;
  const isReference = (one: unknown): one is string => typeof one === 'string' && /^[A-Za-z0-9]{1,32}$/.test(one);
  if (status !== 'delivered' && status !== 'undelivered') return undefined;
  if (!isId(id) && !isReference(reference)) return undefined;
  return {
    ...(isId(id) && { providerMessageId: id }),
    ...(isReference(reference) && { reference }),
    status,
    ...(typeof errorCode === 'string' && errorCode !== '' && { errorCode: errorCode.slice(0, 64) }),
  };
}

export const webhook = defineProvider({
  name: 'webhook',
  Settings: WebhookSettings,
  create: (settings) => new WebhookProvider(settings),
  receipts: defineReceipts({
    Settings: WebhookReceiptSettings,
    create: (settings) => new WebhookReceipts(settings),
  }),
});
