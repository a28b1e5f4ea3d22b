import { readSettings } from '@app/common';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { OneCompany } from '../../../../test/support/one-company.js';
import { problemsOf } from '../../../../test/support/setting-problems.js';
import type { ReceiptRequest } from '../receipt-reader.js';
import type { OutboundSms } from '../sms-provider.js';
import {
  basicAuth,
  classifyTwilio,
  isSignedByTwilio,
  twilio,
  TwilioProvider,
  TwilioReceipts,
  TwilioSettings,
} from './twilio.provider.js';

/** Each is labelled with its source: twilio-node's own tests, or its SDK run on these inputs. */
interface SignatureCase {
  readonly name: string;
  readonly receivedUrl: string;
  readonly urlThatWasSigned: string;
  readonly params: Readonly<Record<string, string | string[]>>;
  readonly signature: string;
}
const file = readFileSync(new URL('./provider-vectors.json', import.meta.url), 'utf8');
const [signatures, bodies, negative, callback, basic] = (JSON.parse(file) as { twilio: unknown[] }).twilio as [
  { authToken: string; cases: SignatureCase[] },
  { cases: { body: string; sha256: string }[] },
  { cases: { why: string; signature?: string }[] },
  { inputs: { authToken: string; url: string; params: Record<string, string> }; expected: { signature: string } },
  { inputs: { accountSid: string; authToken: string }; expected: { authorization: string } },
];

const formOf = (params: SignatureCase['params']): Buffer => {
  const form = new URLSearchParams();
  for (const [name, values] of Object.entries(params)) for (const value of [values].flat()) form.append(name, value);
  return Buffer.from(form.toString());
};
/** The body whose hash a URL holds, else the form. */
const bodyOf = ({ receivedUrl, params }: SignatureCase): Buffer => {
  const known = bodies.cases.find(({ sha256 }) => receivedUrl.includes(sha256));
  return known ? Buffer.from(known.body) : formOf(params);
};

describe('the signature of a receipt', () => {
  const { authToken, cases } = signatures;

  it.each(cases)('$name', (one) => {
    expect(isSignedByTwilio(authToken, one.signature, one.receivedUrl, bodyOf(one))).toBe(true);
    expect(isSignedByTwilio(authToken, one.signature, one.urlThatWasSigned, bodyOf(one))).toBe(true);
  });

  it.each(cases)('of "$name" is good with this token, these values and this URL only', (one) => {
    const body = bodyOf(one);
    expect(isSignedByTwilio('54321', one.signature, one.receivedUrl, body)).toBe(false);
    expect(isSignedByTwilio(authToken, one.signature, `${one.receivedUrl}&somethingUnexpected=true`, body)).toBe(false);
    expect(
      isSignedByTwilio(authToken, one.signature, one.receivedUrl, Buffer.concat([body, Buffer.from('&a=b')])),
    ).toBe(false);
  });

  it.each(negative.cases)('negative: $why', ({ why, signature }) => {
    const [plain] = cases as [SignatureCase];
    const url = why.includes('somethingUnexpected')
      ? `${plain.receivedUrl}&somethingUnexpected=true`
      : plain.receivedUrl;
    const body = why.startsWith('body given') ? Buffer.from('{"property": "value"}') : formOf(plain.params);
    const given = why === 'missing header' ? undefined : (signature ?? plain.signature);
    expect(isSignedByTwilio(authToken, given, url, body)).toBe(false);
  });

  it.each(bodies.cases)('a body is held to the hash in the URL: $body', ({ body, sha256 }) => {
    const one = cases.find(({ receivedUrl }) => receivedUrl.includes(sha256))!;
    expect(isSignedByTwilio(authToken, one.signature, one.receivedUrl, Buffer.from(body))).toBe(true);
    expect(isSignedByTwilio(authToken, one.signature, one.receivedUrl, Buffer.from(`${body} `))).toBe(false);
  });
});

describe('a receipt', () => {
  const { authToken, url, params } = callback.inputs;
  const [base, query] = url.split('?') as [string, string];
  const reader = new TwilioReceipts({ authToken, statusCallbackUrl: base });
  const request = (more: Partial<ReceiptRequest> = {}): ReceiptRequest => ({
    url: `/v1/receipts/twilio?${query}`,
    headers: { 'x-twilio-signature': callback.expected.signature },
    body: formOf(params),
    now: new Date(),
    ...more,
  });

  it('is read with the public address, whatever address it came in by', () => {
    expect(reader.read(request())).toEqual({
      kind: 'receipts',
      receipts: [{ providerMessageId: params.MessageSid, status: 'delivered' }],
    });
  });

  it('names the reference that its address carries', () => {
    const { receipt } = signedReceipt({ MessageStatus: 'undelivered', ErrorCode: '30003' }, 'ref=0123456789abcdef');
    expect(receipt).toEqual({
      kind: 'receipts',
      receipts: [
        { providerMessageId: 'SM1', reference: '0123456789abcdef', status: 'undelivered', errorCode: '30003' },
      ],
    });
  });

  it.each(['accepted', 'queued', 'sending', 'sent', 'a-new-one'])('%s is not the last word', (MessageStatus) => {
    expect(signedReceipt({ MessageStatus }).receipt).toEqual({ kind: 'receipts', receipts: [] });
  });

  it('failed is undelivered', () => {
    expect(signedReceipt({ MessageStatus: 'failed' }).receipt).toMatchObject({ receipts: [{ status: 'undelivered' }] });
  });

  it('without its signature is forged, and signed nonsense is unreadable', () => {
    expect(reader.read(request({ headers: {} }))).toEqual({ kind: 'forged' });
    expect(reader.read(request({ body: Buffer.from('MessageStatus=delivered') }))).toEqual({ kind: 'forged' });
    expect(signedReceipt({ MessageSid: '' }).receipt).toEqual({ kind: 'unreadable' });
  });

  function signedReceipt(more: Record<string, string>, query = '') {
    const fields = { MessageSid: 'SM1', ...more };
    const url = `${base}${query && `?${query}`}`;
    const body = formOf(fields);
    return {
      receipt: reader.read(
        request({
          url: `/x${query && `?${query}`}`,
          body,
          headers: { 'x-twilio-signature': sign(authToken, url, fields) },
        }),
      ),
    };
  }
});

const sign = (authToken: string, url: string, fields: Record<string, string>) =>
  createHmac('sha1', authToken)
    .update(
      url +
        Object.entries(fields)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .flat()
          .join(''),
    )
    .digest('base64');

describe('a request', () => {
  const SID = 'AC00000000000000000000000000000000';
  const MESSAGE: OutboundSms = {
    reference: '0123456789abcdef0123456789abcdef',
    repeated: false,
    ttlSeconds: 300,
    to: '+14155552671',
    template: 'verification-code',
    locale: 'en',
    params: { code: '123456', minutes: '5' },
    rendered: { text: 'Your code is 123456 & more', params: [] },
  };
  let company: OneCompany;
  let settings: TwilioSettings;

  beforeEach(async () => {
    company = new OneCompany();
    company.answers(201, { sid: 'SM1', status: 'queued' });
    settings = Object.assign(new TwilioSettings(), {
      accountSid: SID,
      authToken: 'tok',
      from: '+15557122661',
      baseUrl: await company.open(),
    });
  });
  afterEach(() => company.close());

  async function send(more: Partial<TwilioSettings> = {}, message: Partial<OutboundSms> = {}) {
    const provider = new TwilioProvider({ ...settings, ...more });
    const outcome = await provider.send({ ...MESSAGE, ...message }, new AbortController().signal);
    await provider.close();
    return outcome;
  }

  it('is a form with Basic auth', async () => {
    expect(await send()).toEqual({ kind: 'accepted', providerMessageId: 'SM1' });

    const { request, body } = company.asked;
    expect(request.url).toBe(`/2010-04-01/Accounts/${SID}/Messages.json`);
    expect(request.headers).toMatchObject({
      authorization: basic.expected.authorization,
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      To: '+14155552671',
      From: '+15557122661',
      Body: 'Your code is 123456 & more',
      ValidityPeriod: '300',
    });
  });

  it.each([
    [60, '60'],
    [86_400, '14400'],
  ])('with %i s left is handed on within %s s or not at all', async (ttlSeconds, validity) => {
    await send({}, { ttlSeconds });
    expect(new URLSearchParams(company.asked.body).get('ValidityPeriod')).toBe(validity);
  });

  it('authenticates as the vector has it', () => {
    expect(basicAuth(basic.inputs.accountSid, basic.inputs.authToken)).toBe(basic.expected.authorization);
  });

  it('may use an API key, a messaging service and a status callback', async () => {
    await send({
      apiKey: 'SK1',
      apiKeySecret: 'secret',
      from: `MG${'0'.repeat(32)}`,
      statusCallbackUrl: 'https://verify.example.com/v1/receipts/twilio',
    });

    const { request, body } = company.asked;
    expect(request.headers.authorization).toBe(basicAuth('SK1', 'secret'));
    const form = new URLSearchParams(body);
    expect(form.get('MessagingServiceSid')).toBe(`MG${'0'.repeat(32)}`);
    expect(form.has('From')).toBe(false);
    expect(form.get('StatusCallback')).toBe(`https://verify.example.com/v1/receipts/twilio?ref=${MESSAGE.reference}`);
  });

  it('may come from a name that begins like a messaging service', async () => {
    await send({ from: 'MGM Resorts' });
    expect(new URLSearchParams(company.asked.body).get('From')).toBe('MGM Resorts');
  });

  const problem = (code: number) => JSON.stringify({ code, message: 'no', status: 400 });
  it.each<[status: number, body: string, headers: Record<string, string>, outcome: object]>([
    [400, problem(21211), {}, { kind: 'rejected', class: 'PERMANENT', scope: 'recipient', code: '21211' }],
    [401, problem(20003), {}, { kind: 'rejected', class: 'PERMANENT', scope: 'account', code: '20003' }],
    [401, '<html>', {}, { kind: 'rejected', class: 'PERMANENT', scope: 'account', code: 'http-401' }],
    [
      429,
      problem(20429),
      { 'retry-after': '7' },
      { kind: 'rejected', class: 'RETRYABLE', scope: 'provider', code: '20429', retryAfterMs: 7000 },
    ],
    [429, '', {}, { kind: 'rejected', class: 'RETRYABLE', scope: 'provider', code: 'http-429' }],
    [500, problem(20500), {}, { kind: 'unknown', code: '20500' }],
    [503, problem(20503), {}, { kind: 'unknown', code: '20503' }],
    [502, '<html>', {}, { kind: 'unknown', code: 'http-502' }],
    [201, '<html>', {}, { kind: 'unknown', code: 'unreadable-answer' }],
    [201, 'null', {}, { kind: 'unknown', code: 'unreadable-answer' }],
    [
      429,
      problem(63038),
      { 'retry-after': '7' },
      { kind: 'rejected', class: 'PERMANENT', scope: 'account', code: '63038' },
    ],
    [201, '{"sid":""}', {}, { kind: 'unknown', code: 'unreadable-answer' }],
    [308, '', {}, { kind: 'rejected', class: 'PERMANENT', scope: 'account', code: 'http-308' }],
    [302, '', { location: 'http://127.0.0.1:1/' }, { kind: 'unknown', code: 'http-302' }],
  ])('%i %s means', async (status, body, headers, outcome) => {
    company.answers(status, body, headers);
    expect(await send()).toEqual(outcome);
  });
});

describe('the code table', () => {
  it.each([
    ['20429 30001', 'RETRYABLE', 'provider'],
    ['21211 21217 21614 21635 21610', 'PERMANENT', 'recipient'],
    ['21408 21612 21608', 'PERMANENT', 'region'],
    ['21606 21212 21603 21604 21605 21617 30007 30034 99999', 'PERMANENT', 'request'],
    ['20003 20005 20008 30002 63038 60728', 'PERMANENT', 'account'],
  ])('%s is %s/%s', (codes, errorClass, scope) => {
    for (const code of codes.split(' '))
      expect(classifyTwilio(code)).toEqual({ kind: 'rejected', class: errorClass, scope, code });
  });

  it('20500 and 20503 are unknown: "it is possible to receive multiple messages"', () => {
    expect(['20500', '20503'].map(classifyTwilio)).toEqual([
      { kind: 'unknown', code: '20500' },
      { kind: 'unknown', code: '20503' },
    ]);
  });
});

describe('the settings', () => {
  const complete = {
    SMS_TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
    SMS_TWILIO_AUTH_TOKEN: '0123456789abcdef0123456789abcdef',
    SMS_TWILIO_FROM: 'Otpost',
  };

  it('are enough to make a provider, and fewer for its receipts', async () => {
    await twilio.create(readSettings({ twilio: TwilioSettings }, complete).twilio).close?.();
    const { receipts } = twilio;
    const token = { SMS_TWILIO_AUTH_TOKEN: complete.SMS_TWILIO_AUTH_TOKEN };
    const create = (environment: Record<string, string>) =>
      receipts!.create(readSettings({ twilio: receipts!.Settings }, environment).twilio);
    expect(create({ ...token, SMS_TWILIO_STATUS_CALLBACK_URL: 'https://x.example/receipts' }).signed).toBe(true);
    expect(() => create(token)).toThrow('set SMS_TWILIO_STATUS_CALLBACK_URL');
  });

  it.each<[changes: Record<string, string>, problems: string[]]>([
    [{ SMS_TWILIO_ACCOUNT_SID: 'AC1' }, ['SMS_TWILIO_ACCOUNT_SID']],
    [{ SMS_TWILIO_API_KEY: `SK${'0'.repeat(32)}` }, ['SMS_TWILIO_API_KEY_SECRET']],
    [{ SMS_TWILIO_FROM: 'a name that is long' }, ['SMS_TWILIO_FROM']],
    [{ SMS_TWILIO_BASE_URL: 'http://api.twilio.com' }, ['SMS_TWILIO_BASE_URL']],
    [{ SMS_TWILIO_STATUS_CALLBACK_URL: 'https://x.example/r?a=b' }, ['SMS_TWILIO_STATUS_CALLBACK_URL']],
    [{ SMS_TWILIO_AUTH_TOKEN: '' }, ['SMS_TWILIO_AUTH_TOKEN']],
  ])('%j is refused', (changes, problems) => {
    expect(problemsOf(TwilioSettings, { ...complete, ...changes })).toEqual(problems);
  });
});
