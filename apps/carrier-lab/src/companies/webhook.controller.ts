import { Body, Controller, Headers, Post, Req, Res } from '@nestjs/common';
import { createHmac, randomUUID } from 'node:crypto';
import { CarrierLabSettings } from '../carrier-lab.config.js';
import { Carrier, type Company, type Reply, type Submission } from '../carrier.js';

const WEBHOOK: Company = {
  name: 'webhook',
  codes: { busy: '429', 'invalid-number': '422', 'too-soon': '429', 'no-balance': '402' },
  repeated: '409',
  answer: (verdict) =>
    'accepted' in verdict
      ? { status: 202, body: { id: verdict.accepted } }
      : { status: Number(verdict.refused) || 400, body: { error: verdict.refused } },
  receipt: ({ id, reference, delivered, settings }) => {
    const body = JSON.stringify({
      id,
      ...(reference !== undefined && { reference }),
      status: delivered ? 'delivered' : 'undelivered',
      ...(!delivered && { errorCode: 'absent' }),
    });
    const [webhookId, timestamp] = [randomUUID(), String(Math.floor(Date.now() / 1000))];
    return {
      path: '/webhook',
      headers: {
        'content-type': 'application/json',
        'webhook-id': webhookId,
        'webhook-timestamp': timestamp,
        'webhook-signature': sign(settings.webhookSecret, webhookId, timestamp, body),
      },
      body,
    };
  },
};

/** Somebody's own service, as docs/extending.md wants it: signed by Standard Webhooks, one text for one `webhook-id`. */
@Controller('webhook')
export class WebhookController {
  constructor(
    private readonly carrier: Carrier,
    private readonly settings: CarrierLabSettings,
  ) {}

  @Post('texts')
  texts(
    @Req() request: { readonly rawBody?: Buffer },
    @Headers('webhook-id') id: string | undefined,
    @Headers('webhook-timestamp') timestamp: string | undefined,
    @Headers('webhook-signature') signature: string | undefined,
    @Body() body: unknown,
    @Res() reply: Reply,
  ): Promise<void> {
    const { to, text } = (typeof body === 'object' && body !== null ? body : {}) as Partial<Record<string, unknown>>;
    const wanted = sign(this.settings.webhookSecret, id ?? '', timestamp ?? '', request.rawBody ?? Buffer.alloc(0));
    const fresh = Math.abs(Date.now() / 1000 - Number(timestamp)) < 300;
    return this.carrier.serve(WEBHOOK, submissionOf(to, text, id, signature === wanted && fresh), reply);
  }
}

function submissionOf(to: unknown, text: unknown, reference: string | undefined, signed: boolean): Submission {
  if (!signed) return { refused: '401' };
  if (typeof to !== 'string' || !/^\+[1-9]\d{4,14}$/.test(to)) return { refused: '422' };
  if (typeof text !== 'string' || text === '' || reference === undefined) return { to, refused: '400' };
  return { to, text, templateId: 'text', reference };
}

function sign(secret: string, id: string, timestamp: string, body: string | Buffer): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`;
}
