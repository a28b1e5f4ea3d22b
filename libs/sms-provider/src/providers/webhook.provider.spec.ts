import { readSettings } from '@app/common';
import { readFileSync } from 'node:fs';
import { OneCompany } from '../../../../test/support/one-company.js';
import { problemsOf } from '../../../../test/support/setting-problems.js';
import { consequenceOf } from '../consequence.js';
import type { ReceiptRequest } from '../receipt-reader.js';
import type { OutboundSms } from '../sms-provider.js';
import {
  isSignedWebhook,
  signWebhook,
  webhook,
  WebhookProvider,
  WebhookReceipts,
  WebhookSettings,
} from './webhook.provider.js';

const file = readFileSync(new URL('./provider-vectors.json', import.meta.url), 'utf8');
/** Reproduced with npm standardwebhooks 1.1.1. */
const [vector] = (JSON.parse(file) as { genericWebhook: unknown[] }).genericWebhook as [
  {
    inputs: { secret: string; id: string; timestamp: number; body: string };
    expected: Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>;
  },
];
const { secret } = vector.inputs;
const AT = new Date(vector.inputs.timestamp * 1000);

describe('the signature', () => {
  const request: ReceiptRequest = {
    url: '/',
    headers: vector.expected,
    body: Buffer.from(vector.inputs.body),
    now: AT,
  };

  it('is that of Standard Webhooks', () => {
    expect(signWebhook(secret, vector.inputs)).toBe(vector.expected['webhook-signature']);
    expect(isSignedWebhook(secret, request)).toBe(true);
  });

  it('may stand among others', () => {
    const several = `v1,AAAA v1a,BBBB ${vector.expected['webhook-signature']}`;
    expect(isSignedWebhook(secret, { ...request, headers: { ...vector.expected, 'webhook-signature': several } })).toBe(
      true,
    );
  });

  it.each<[what: string, change: Partial<ReceiptRequest>]>([
    ['another body', { body: Buffer.from('{"test": 2432232315}') }],
    ['another id', { headers: { ...vector.expected, 'webhook-id': 'msg_2' } }],
    ['another time', { headers: { ...vector.expected, 'webhook-timestamp': '1614265331' } }],
    ['a time that is none', { headers: { ...vector.expected, 'webhook-timestamp': '1614265330.0' } }],
    ['no id', { headers: { ...vector.expected, 'webhook-id': undefined } }],
    ['no signature', { headers: { ...vector.expected, 'webhook-signature': undefined } }],
    ['an old request', { now: new Date(AT.getTime() + 301_000) }],
    ['a request of the future', { now: new Date(AT.getTime() - 301_000) }],
  ])('%s does not go with it', (_what, change) => {
    expect(isSignedWebhook(secret, { ...request, ...change })).toBe(false);
  });

  it('is another one with another secret', () => {
    expect(isSignedWebhook(`whsec_${Buffer.alloc(32).toString('base64')}`, request)).toBe(false);
  });
});

describe('a receipt', () => {
  const reader = new WebhookReceipts({ secret });
  const read = (value: unknown) => {
    const body = typeof value === 'string' ? value : JSON.stringify(value);
    const signature = signWebhook(secret, { id: 'r1', timestamp: vector.inputs.timestamp, body });
    const headers = {
      'webhook-id': 'r1',
      'webhook-timestamp': String(vector.inputs.timestamp),
      'webhook-signature': signature,
    };
    return reader.read({ url: '/', headers, body: Buffer.from(body), now: AT });
  };

  it('is one or a list', () => {
    const one = { id: 'm1', reference: 'a1', status: 'delivered' };
    const two = { reference: 'a2', status: 'undelivered', errorCode: 'absent', more: 1 };
    expect(read(one)).toEqual({
      kind: 'receipts',
      receipts: [{ providerMessageId: 'm1', reference: 'a1', status: 'delivered' }],
    });
    expect(read([one, two])).toMatchObject({
      receipts: [{}, { reference: 'a2', status: 'undelivered', errorCode: 'absent' }],
    });
  });

  it('is taken where another one of the list is no receipt', () => {
    expect(read([{ id: 'm1', status: 'delivered' }, 7])).toEqual({
      kind: 'receipts',
      receipts: [{ providerMessageId: 'm1', status: 'delivered' }],
      skipped: 1,
    });
  });

  it.each([
    [{}],
    ['not JSON'],
    [null],
    [{ id: 'm1', status: 'sent' }],
    [{ status: 'delivered' }],
    [{ id: '', status: 'delivered' }],
  ])('%j is unreadable', (value) => expect(read(value)).toEqual({ kind: 'unreadable' }));

  it('is forged without a signature', () => {
    expect(reader.read({ url: '/', headers: {}, body: Buffer.from('{}'), now: AT })).toEqual({ kind: 'forged' });
  });
});

describe('a request', () => {
  const MESSAGE: OutboundSms = {
    reference: '0123456789abcdef0123456789abcdef',
    repeated: false,
    ttlSeconds: 300,
    to: '+14155552671',
    template: 'verification-code',
    locale: 'en',
    params: { code: '123456', minutes: '5' },
    rendered: { text: 'Your code is 123456', params: [] },
  };
  let service: OneCompany;
  let provider: WebhookProvider;

  beforeEach(async () => {
    service = new OneCompany();
    service.answers(202);
    const url = `${await service.open()}/sms/texts`;
    provider = new WebhookProvider({ secret, url, prefixes: [] }, () => AT);
  });
  afterEach(async () => {
    await provider.close();
    await service.close();
  });
  const send = () => provider.send(MESSAGE, new AbortController().signal);

  it('is signed JSON, with our reference as its id', async () => {
    expect(await send()).toEqual({ kind: 'accepted' });

    const { request, body } = service.asked;
    expect(request.url).toBe('/sms/texts');
    expect(JSON.parse(body)).toEqual({
      id: MESSAGE.reference,
      to: '+14155552671',
      text: 'Your code is 123456',
      template: 'verification-code',
      locale: 'en',
      params: { code: '123456', minutes: '5' },
    });
    const signed = { url: '/', headers: request.headers, body: Buffer.from(body), now: AT };
    expect(isSignedWebhook(secret, signed)).toBe(true);
    expect(request.headers['webhook-id']).toBe(MESSAGE.reference);
  });

  const retryable = { kind: 'rejected', class: 'RETRYABLE', scope: 'provider' };
  const permanent = (scope: string) => ({ kind: 'rejected', class: 'PERMANENT', scope });
  it.each<[status: number, headers: Record<string, string>, outcome: object, failover: boolean]>([
    [200, {}, { kind: 'accepted' }, false],
    [204, {}, { kind: 'accepted' }, false],
    [409, {}, { kind: 'accepted', duplicate: true }, false],
    [422, {}, { ...permanent('recipient'), code: 'http-422' }, false],
    [400, {}, { ...permanent('request'), code: 'http-400' }, true],
    [404, {}, { ...permanent('request'), code: 'http-404' }, true],
    [401, {}, { ...permanent('account'), code: 'http-401' }, true],
    [402, {}, { ...permanent('account'), code: 'http-402' }, true],
    [403, {}, { ...permanent('account'), code: 'http-403' }, true],
    [408, {}, { ...retryable, code: 'http-408' }, true],
    [425, {}, { ...retryable, code: 'http-425' }, true],
    [429, { 'retry-after': '3' }, { ...retryable, code: 'http-429', retryAfterMs: 3000 }, true],
    [503, { 'retry-after': '9' }, { ...retryable, code: 'http-503', retryAfterMs: 9000 }, true],
    [503, {}, { kind: 'unknown', code: 'http-503' }, false],
    [500, {}, { kind: 'unknown', code: 'http-500' }, false],
    [307, { location: 'http://127.0.0.1:1/' }, { ...permanent('account'), code: 'http-307' }, true],
    [302, { location: 'http://127.0.0.1:1/' }, { kind: 'unknown', code: 'http-302' }, false],
  ])('S51 HTTP %i %j means', async (status, headers, outcome, failover) => {
    service.answers(status, '', headers);
    const got = await send();
    expect(got).toEqual(outcome);
    expect(consequenceOf(got).failover).toBe(failover);
  });

  it.each([
    ['{"id":"m1"}', { providerMessageId: 'm1' }],
    ['{"id":7}', {}],
    ['not JSON', {}],
    ['null', {}],
  ])('the answer %s gives %j', async (body, id) => {
    service.answers(201, body);
    expect(await send()).toEqual({ kind: 'accepted', ...id });
  });
});

describe('the settings', () => {
  const complete = { SMS_WEBHOOK_SECRET: secret, SMS_WEBHOOK_URL: 'https://sms.example.com/texts' };

  it('say which numbers it carries', async () => {
    const settings = readSettings({ webhook: WebhookSettings }, { ...complete, SMS_WEBHOOK_PREFIXES: '+86,+852' });
    const provider = webhook.create(settings.webhook);
    const carries = (to: string) => provider.supports({ to, template: 'verification-code', locale: 'en', params: {} });
    expect(['+8613800138000', '+85291234567', '+12025550100'].map(carries)).toEqual([true, true, false]);
    await provider.close?.();
  });

  it.each<[changes: Record<string, string>, problems: string[]]>([
    [{ SMS_WEBHOOK_SECRET: 'short' }, ['SMS_WEBHOOK_SECRET']],
    [{ SMS_WEBHOOK_SECRET: 'whsec_c2hvcnQ=' }, ['SMS_WEBHOOK_SECRET']],
    [{ SMS_WEBHOOK_URL: 'http://sms.example.com/texts' }, ['SMS_WEBHOOK_URL']],
    [{ SMS_WEBHOOK_URL: 'https://user:word@sms.example.com' }, ['SMS_WEBHOOK_URL']],
    [{ SMS_WEBHOOK_PREFIXES: '86' }, ['SMS_WEBHOOK_PREFIXES']],
  ])('%j is refused', (changes, problems) => {
    expect(problemsOf(WebhookSettings, { ...complete, ...changes })).toEqual(problems);
  });
});
