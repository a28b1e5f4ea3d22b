import { SettingsError, SmsReceipt } from '@app/common';
import { connect } from 'amqplib';
import { createHash, createHmac } from 'node:crypto';
import { testConfig, testGateway } from '../../../../test/gateway/test-gateway.js';
import { until } from '../../../../test/support/until.js';

const TOKEN = 'a'.repeat(32);
const OLD_TOKEN = 'b'.repeat(40);
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const AUTH_TOKEN = '0123456789abcdef0123456789abcdef';
const PUBLIC_URL = 'https://verify.example.com/v1/receipts/twilio';
const KEY_HASH = createHash('sha256').update('otp_shop_key').digest('hex');

const ENVIRONMENT = {
  RECEIPT_PROVIDERS: 'ccp,twilio,webhook',
  RECEIPT_TOKENS: `${TOKEN},${OLD_TOKEN}`,
  SMS_WEBHOOK_SECRET: SECRET,
  SMS_TWILIO_AUTH_TOKEN: AUTH_TOKEN,
  SMS_TWILIO_STATUS_CALLBACK_URL: PUBLIC_URL,
  API_KEYS: `shop:verify:${KEY_HASH}`,
};
const ccpReceipt = (content = 'm1', more: object = {}) =>
  JSON.stringify({
    Request: { action: 'SMSArrived', smsType: '1', content, status: '0', fromNum: '13912345678', ...more },
  });

describe('POST /v1/receipts', () => {
  let gateway: Awaited<ReturnType<typeof testGateway>>;
  let receipts: SmsReceipt[];
  let stop: () => Promise<unknown>;

  beforeAll(async () => {
    gateway = await testGateway(ENVIRONMENT);
    const connection = await connect(gateway.broker.url);
    const channel = await connection.createChannel();
    await channel.consume(
      'sms-worker.sms.receipt',
      (message) => void receipts.push((JSON.parse(message!.content.toString()) as { data: SmsReceipt }).data),
      { noAck: true },
    );
    stop = () => connection.close();
  });
  beforeEach(() => {
    receipts = [];
    gateway.lines.length = 0;
  });
  afterAll(async () => {
    await stop();
    await gateway.close();
  });

  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    gateway.request('POST', `/v1/receipts/${path}`, body, headers);
  const signed = (body: string, headers: Record<string, string> = {}) => {
    const timestamp = Math.floor(Date.now() / 1000);
    const key = Buffer.from(SECRET.replace('whsec_', ''), 'base64');
    const signature = `v1,${createHmac('sha256', key).update(`r1.${timestamp}.${body}`).digest('base64')}`;
    return post('webhook', body, {
      'webhook-id': 'r1',
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signature,
      ...headers,
    });
  };
  const arrived = (count: number) => until(`${count} receipts`, 10, () => receipts.length >= count && receipts);

  it.each([TOKEN, OLD_TOKEN])('takes a receipt of CCP at the secret address, without an API key', async (token) => {
    const answer = await post(`ccp/${token}`, ccpReceipt());

    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'text/xml; charset=utf-8' } });
    expect(answer.text).toContain('<statuscode>000000</statuscode>');
    expect(await arrived(1)).toEqual([
      { provider: 'ccp', providerMessageId: 'm1', status: 'delivered', at: expect.any(String) },
    ]);
  });

  it('takes XML as well', async () => {
    const xml =
      '<Request><action>SMSArrived</action><smsType>1</smsType><content>m2</content><status>1</status><deliverCode>UNDELIV</deliverCode></Request>';
    expect((await post(`ccp/${TOKEN}`, xml, { 'content-type': 'text/xml' })).status).toBe(200);
    expect(await arrived(1)).toMatchObject([{ providerMessageId: 'm2', status: 'undelivered', errorCode: 'UNDELIV' }]);
  });

  it('takes a signed form of Twilio, and says nothing', async () => {
    const fields = { MessageSid: 'SM1', MessageStatus: 'delivered', To: '+14155552671' };
    const url = `${PUBLIC_URL}?ref=a1`;
    const text = url + Object.entries(fields).flat().join('');
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': createHmac('sha1', AUTH_TOKEN).update(text).digest('base64'),
      host: 'somewhere.else',
    };
    const answer = await post('twilio?ref=a1', new URLSearchParams(fields).toString(), headers);

    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(await arrived(1)).toMatchObject([{ provider: 'twilio', providerMessageId: 'SM1', reference: 'a1' }]);
  });

  it('takes a hundred at once', async () => {
    const many = Array.from({ length: 100 }, (_, n) => ({
      id: `m${n}`.padEnd(100, '0'),
      reference: 'a'.repeat(32),
      status: 'delivered',
    }));
    const body = JSON.stringify(many);
    expect(body.length).toBeGreaterThan(16 * 1024);

    expect((await signed(body)).status).toBe(204);
    expect((await arrived(100)).length).toBe(100);
  });

  it.each<[what: string, path: string]>([
    ['no token', 'ccp'],
    ['a wrong token', `ccp/${'c'.repeat(32)}`],
    ['part of a token', `ccp/${TOKEN.slice(0, 31)}`],
    ['a company that nobody knows', `shout/${TOKEN}`],
    ['a company that has no receipts', `console/${TOKEN}`],
    ['a token where the company signs', `webhook/${TOKEN}`],
    ['a member of every object', `constructor/${TOKEN}`],
  ])('with %s there is nothing at the address', async (_what, path) => {
    expect(await post(path, ccpReceipt())).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it.each(['webhook', 'twilio'])('%s without a signature is 401', async (path) => {
    expect(await post(path, '{"id":"m1","status":"delivered"}')).toMatchObject({
      status: 401,
      body: { code: 'invalid_signature' },
    });
  });

  it('a receipt that was signed for another body is 401', async () => {
    const answer = await signed('{"id":"m1","status":"delivered"}', { 'webhook-signature': 'v1,AAAA' });
    expect(answer).toMatchObject({ status: 401, body: { code: 'invalid_signature' } });
  });

  it.each(['', '{', '{"Request":{"action":"CallAuth"}}'])('%j is 400', async (body) => {
    expect(await post(`ccp/${TOKEN}`, body)).toMatchObject({ status: 400, body: { code: 'unreadable_receipt' } });
  });

  it('what is too large is refused unread', async () => {
    expect(await post(`ccp/${TOKEN}`, 'x'.repeat(257 * 1024))).toMatchObject({ status: 413 });
  });

  it('other addresses still take 16 KB of JSON only, from who has a key', async () => {
    const start = (body: string, headers: object) =>
      gateway.request('POST', '/v1/verifications', body, { authorization: 'Bearer otp_shop_key', ...headers });
    expect((await start('to=1', { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(415);
    expect((await start(`{"to":"${'1'.repeat(17_000)}"}`, { 'content-type': 'application/json' })).status).toBe(413);
    expect((await gateway.post('/v1/verifications', { to: '' })).status).toBe(401);
  });

  it('a text that nobody sent is thanked for like any other, and no number gets into an event or a line', async () => {
    await post(`ccp/${TOKEN}`, ccpReceipt('nobody-knows-me'));
    await post('webhook', '{"to":"+8613912345678"}');

    expect(JSON.stringify(await arrived(1))).not.toContain('13912345678');
    expect(gateway.lines.join()).not.toContain('13912345678');
    expect(gateway.lines.join()).not.toContain(TOKEN);
  });
});

it('while RabbitMQ takes nothing a company is told to come again', async () => {
  const gateway = await testGateway({ ...ENVIRONMENT, API_KEYS: '' });
  await gateway.broker.close();
  await until('the broker is away', 10, async () => (await gateway.get('/readyz')).text.includes('publisher'));

  const answer = await gateway.request('POST', `/v1/receipts/ccp/${TOKEN}`, ccpReceipt());

  expect(answer).toMatchObject({ status: 503, body: { code: 'dependency_unavailable' } });
  expect(answer.headers['retry-after']).toBeDefined();
  await gateway.close().catch(() => undefined); // its broker is gone already
});

it('a gateway that could only call receipts of Twilio forged does not start', async () => {
  const environment = { ...ENVIRONMENT, RECEIPT_PROVIDERS: 'twilio' };
  delete (environment as Record<string, string | undefined>).SMS_TWILIO_STATUS_CALLBACK_URL;
  await expect(testGateway(environment)).rejects.toThrow('set SMS_TWILIO_STATUS_CALLBACK_URL');
});

describe('the settings', () => {
  it('take nobody’s receipts where none are named', async () => {
    expect(testConfig().receiptSettings).toEqual({});
  });

  it.each<[environment: Record<string, string>, problem: string]>([
    [{ RECEIPT_PROVIDERS: 'console' }, 'RECEIPT_PROVIDERS: it must list some of: ccp, '],
    [{ RECEIPT_PROVIDERS: 'ccp' }, 'RECEIPT_TOKENS: is missing; ccp does not sign its receipts'],
    [{ RECEIPT_PROVIDERS: 'ccp', RECEIPT_TOKENS: 'short' }, 'RECEIPT_TOKENS: each must be 32 to 128'],
    [{ RECEIPT_PROVIDERS: 'twilio' }, 'SMS_TWILIO_AUTH_TOKEN: is missing'],
    [{ RECEIPT_PROVIDERS: 'webhook' }, 'SMS_WEBHOOK_SECRET: is missing'],
  ])('%j is refused', (environment, problem) => {
    expect(() => testConfig(environment)).toThrow(SettingsError);
    expect(() => testConfig(environment)).toThrow(problem);
  });
});
