import fc from 'fast-check';
import { isSignedByTwilio, TwilioProvider } from '../../libs/sms-provider/src/providers/twilio.provider.ts';
import { DEMO_TWILIO } from '../../apps/carrier-lab/src/carrier-lab.config.ts';
import type { CarrierLab } from '../../apps/carrier-lab/src/create-carrier-lab.ts';
import type { OutboundSms } from '../../libs/sms-provider/src/sms-provider.ts';
import { startLab } from '../carrier-lab/start-lab.ts';
import { OneCompany, type Asked } from '../support/one-company.ts';
import { until } from '../support/until.ts';
import { twilio } from './peers.ts';
import { alphanumeric, secretKey, texts, words } from './texts.ts';

const signal = () => new AbortController().signal;
const formOf = (params: Readonly<Record<string, string | readonly string[]>>) => {
  const form = new URLSearchParams();
  for (const [name, values] of Object.entries(params)) for (const value of [values].flat()) form.append(name, value);
  return Buffer.from(form.toString());
};

it("takes the receipts that Twilio's SDK would take", () => {
  const receipt = fc.record({
    authToken: secretKey,
    reference: alphanumeric(1, 32),
    port: fc.constantFrom('', ':443', ':8443'),
    params: fc.dictionary(words, fc.oneof(words, fc.uniqueArray(words, { minLength: 1, maxLength: 3 })), {
      noNullPrototype: true,
    }),
  });
  fc.assert(
    fc.property(receipt, ({ authToken, reference, port, params }) => {
      const url = `https://verify.example.com${port}/v1/receipts/twilio?ref=${reference}`;
      const signature = twilio.getExpectedTwilioSignature(authToken, url, params);

      expect(isSignedByTwilio(authToken, signature, url, formOf(params))).toBe(true);
      expect(isSignedByTwilio(`${authToken}x`, signature, url, formOf(params))).toBe(false);
    }),
    { numRuns: 500 },
  );
});

describe('beside the carrier lab', () => {
  let lab: CarrierLab;
  let gateway: OneCompany;
  let callback: string;
  let provider: TwilioProvider;
  beforeEach(async () => {
    lab = await startLab();
    gateway = new OneCompany();
    callback = `${await gateway.open()}/v1/receipts/twilio`;
    provider = new TwilioProvider({ ...DEMO_TWILIO, statusCallbackUrl: callback, baseUrl: lab.url });
  });
  afterEach(async () => {
    await provider.close();
    await lab.close();
    await gateway.close();
  });

  it.each(['delivered', 'undelivered'] as const)("the lab's receipt that says %s passes the SDK", async (receipt) => {
    lab.faults.set({ receipt });
    const [text] = fc.sample(texts, 1) as [OutboundSms];
    expect(await provider.send(text, signal())).toMatchObject({ kind: 'accepted' });

    const { request, body } = await until('a receipt', 5, () => gateway.requests[0]);
    const signature = String(request.headers['x-twilio-signature']);
    const params = Object.fromEntries(new URLSearchParams(body));
    const url = `${callback}?ref=${text.reference}`;
    expect(params.MessageStatus).toBe(receipt);
    expect(twilio.validateRequest(DEMO_TWILIO.authToken, signature, url, params)).toBe(true);
    expect(twilio.validateRequest(DEMO_TWILIO.authToken, signature, `${url}0`, params)).toBe(false);
  });

  it('a text that the SDK sends is taken, as ours is', async () => {
    const client = twilio(DEMO_TWILIO.accountSid, DEMO_TWILIO.authToken);
    client.api.baseUrl = lab.url;
    const to = '+12025550123';

    const { sid } = await client.messages.create({ to, from: DEMO_TWILIO.from, body: 'Your code is 135246' });

    expect(lab.inbox.list(to)).toMatchObject([{ providerMessageId: sid, code: '135246' }]);
  });
});

it("makes the form that Twilio's SDK makes of the same text", async () => {
  const company = new OneCompany();
  const baseUrl = await company.open();
  company.answers(201, { sid: 'SM1', status: 'queued' });
  const statusCallbackUrl = 'https://verify.example.com/v1/receipts/twilio';
  const provider = new TwilioProvider({ ...DEMO_TWILIO, statusCallbackUrl, baseUrl });
  const client = twilio(DEMO_TWILIO.accountSid, DEMO_TWILIO.authToken);
  client.api.baseUrl = baseUrl;
  try {
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        company.requests.length = 0;
        const ours = await provider.send(text, signal());
        const theirs = await client.messages.create({
          to: text.to,
          from: DEMO_TWILIO.from,
          body: text.rendered.text,
          validityPeriod: 300,
          statusCallback: `${statusCallbackUrl}?ref=${text.reference}`,
        });

        expect([ours, theirs.sid]).toEqual([{ kind: 'accepted', providerMessageId: 'SM1' }, 'SM1']);
        const [mine, sdk] = company.requests as [Asked, Asked];
        const asked = ({ request: { method, url, headers }, body }: Asked) => [
          method,
          url,
          headers.authorization,
          headers['content-type'],
          [...new URLSearchParams(body)].sort(),
        ];
        expect(asked(mine)).toEqual(asked(sdk));
      }),
      { numRuns: 50 },
    );
  } finally {
    await provider.close();
    await company.close();
  }
});
