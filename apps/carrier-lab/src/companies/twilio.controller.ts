import { Body, Controller, Get, Headers, Param, Post, Query, Res } from '@nestjs/common';
import { createHmac } from 'node:crypto';
import { CarrierLabSettings } from '../carrier-lab.config.js';
import { Carrier, type Company, type Reply, type Submission } from '../carrier.js';
import { Records, type KeptText } from '../records.js';

/** https://www.twilio.com/docs/api/errors */
const ERRORS: Readonly<Record<string, readonly [status: number, message: string]>> = {
  '20003': [401, 'Authenticate'],
  '20005': [403, 'Account is not active'],
  '20404': [404, 'The requested resource was not found'],
  '20429': [429, 'Too Many Requests'],
  '20500': [500, 'Internal server error'],
  '21211': [400, "Invalid 'To' Phone Number"],
  '21602': [400, 'Message body is required.'],
  '21603': [400, "A 'From' phone number is required."],
  '21604': [400, "A 'To' phone number is required."],
  '21617': [400, 'The concatenated message body exceeds the 1600 character limit'],
};

const TWILIO: Company = {
  name: 'twilio',
  codes: { busy: '20429', 'invalid-number': '21211', 'too-soon': '20429', 'no-balance': '20005' },
  answer: (verdict, at) => {
    if ('accepted' in verdict) {
      const body = { sid: verdict.accepted, status: 'queued', date_created: at.toUTCString(), error_code: null };
      return { status: 201, body };
    }
    const [status, message] = ERRORS[verdict.refused] ?? [400, 'refused'];
    const code = Number(verdict.refused);
    return { status, body: { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status } };
  },
  receipt: ({ to, id, delivered, url, settings }) => {
    const fields = {
      AccountSid: settings.twilioAccountSid,
      ApiVersion: '2010-04-01',
      MessageSid: id,
      MessageStatus: delivered ? 'delivered' : 'undelivered',
      SmsSid: id,
      SmsStatus: delivered ? 'delivered' : 'undelivered',
      To: to,
      ...(!delivered && { ErrorCode: '30003' }),
    };
    const sorted = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
    const signed = url + sorted.map(([name, value]) => name + value).join('');
    return {
      path: '/twilio',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': createHmac('sha1', settings.twilioAuthToken).update(signed).digest('base64'),
      },
      body: new URLSearchParams(fields).toString(),
    };
  },
};

/** Twilio Messages of 2010-04-01: create, read, list. */
@Controller('2010-04-01/Accounts')
export class TwilioController {
  constructor(
    private readonly carrier: Carrier,
    private readonly settings: CarrierLabSettings,
    private readonly records: Records,
  ) {}

  @Get(':sid/Messages.json')
  list(
    @Param('sid') sid: string,
    @Headers('authorization') authorization: string | undefined,
    @Query() { To: to, 'DateSent>': since = '' }: Partial<Record<string, string>>,
    @Res() reply: Reply,
  ): Promise<void> {
    const refused = this.stranger(sid, authorization);
    return this.carrier.tell(TWILIO, to, reply, (texts) => {
      if (refused !== undefined) return TWILIO.answer({ refused }, new Date(), { refused });
      const messages = texts.filter(({ at }) => at.toISOString() >= since).map(messageOf);
      return { status: 200, body: { messages, page: 0, page_size: 50, next_page_uri: null } };
    });
  }

  @Get(':sid/Messages/:message')
  read(
    @Param('sid') sid: string,
    @Param('message') message: string,
    @Headers('authorization') authorization: string | undefined,
    @Res() reply: Reply,
  ): Promise<void> {
    const id = message.replace(/\.json$/, '');
    const refused = this.stranger(sid, authorization);
    return this.carrier.tell(TWILIO, this.records.receiverOf(TWILIO.name, id), reply, (texts) => {
      const found = texts.find((text) => text.id === id);
      if (refused === undefined && found) return { status: 200, body: messageOf(found) };
      return TWILIO.answer({ refused: refused ?? '20404' }, new Date(), { refused: refused ?? '20404' });
    });
  }

  @Post(':sid/Messages.json')
  create(
    @Param('sid') sid: string,
    @Headers('authorization') authorization: string | undefined,
    @Headers('content-type') type: string | undefined,
    @Body() body: unknown,
    @Res() reply: Reply,
  ): Promise<void> {
    const form = (type?.startsWith('application/x-www-form-urlencoded') ? body : {}) as Partial<Record<string, string>>;
    const { To: to, Body: text = '', StatusCallback: callbackUrl } = form;
    const refused = this.complaint(sid, authorization, form);
    const submission: Submission =
      refused === undefined
        ? { to: to!, text, templateId: 'text', ...(callbackUrl && { callbackUrl }) }
        : { ...(to && { to }), refused };
    return this.carrier.serve(TWILIO, submission, reply);
  }

  private stranger(sid: string, authorization: string | undefined): string | undefined {
    const { twilioAccountSid, twilioAuthToken } = this.settings;
    const basic = Buffer.from(`${twilioAccountSid}:${twilioAuthToken}`).toString('base64');
    if (authorization !== `Basic ${basic}`) return '20003';
    return sid === twilioAccountSid ? undefined : '20404';
  }

  private complaint(sid: string, authorization: string | undefined, form: Partial<Record<string, string>>) {
    const stranger = this.stranger(sid, authorization);
    if (stranger !== undefined) return stranger;
    if (!form.To) return '21604';
    if (!/^\+[1-9]\d{6,14}$/.test(form.To)) return '21211';
    if (!form.From && !form.MessagingServiceSid) return '21603';
    if (!form.Body) return '21602';
    return form.Body.length > 1600 ? '21617' : undefined;
  }
}

/** https://www.twilio.com/docs/messaging/api/message-resource */
const messageOf = ({ to, id, text, at, status }: KeptText) => ({
  sid: id,
  to,
  body: text,
  direction: 'outbound-api',
  status: status === 'underway' ? 'sent' : status,
  date_created: at.toUTCString().replace('GMT', '+0000'),
  date_sent: at.toUTCString().replace('GMT', '+0000'),
  error_code: status === 'undelivered' ? 30003 : null,
});
