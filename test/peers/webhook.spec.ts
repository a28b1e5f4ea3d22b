import fc from 'fast-check';
import {
  isSignedWebhook,
  signWebhook,
  WebhookProvider,
} from '../../libs/sms-provider/src/providers/webhook.provider.ts';
import type { OutboundSms } from '../../libs/sms-provider/src/sms-provider.ts';
import { DEMO_WEBHOOK } from '../../apps/carrier-lab/src/carrier-lab.config.ts';
import { OneCompany } from '../support/one-company.ts';
import { startLab } from '../carrier-lab/start-lab.ts';
import { until } from '../support/until.ts';
import { Webhook } from './peers.ts';
import { alphanumeric, texts } from './texts.ts';

const secrets = fc
  .uint8Array({ minLength: 24, maxLength: 64 })
  .map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`);
const signal = () => new AbortController().signal;

it("signs as Standard Webhooks' library does, and takes what that has signed", () => {
  const request = fc.record({
    secret: secrets,
    id: alphanumeric(1, 40),
    timestamp: fc.integer({ min: 1_000_000_000, max: 4_102_444_800 }),
    body: fc.string({ unit: 'binary' }),
  });
  fc.assert(
    fc.property(request, ({ secret, id, timestamp, body }) => {
      const at = new Date(timestamp * 1000);
      const theirs = new Webhook(secret).sign(id, at, body);

      expect(signWebhook(secret, { id, timestamp, body })).toBe(theirs);
      const headers = { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': theirs };
      expect(isSignedWebhook(secret, { url: '/', headers, body: Buffer.from(body), now: at })).toBe(true);
    }),
    { numRuns: 500 },
  );
});

it('what is posted to a webhook passes the library, and a changed body does not', async () => {
  const company = new OneCompany();
  const url = `${await company.open()}/texts`;
  const { secret } = DEMO_WEBHOOK;
  const provider = new WebhookProvider({ secret, url, prefixes: [] });
  const library = new Webhook(secret);
  try {
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        company.requests.length = 0;
        await provider.send(text, signal());

        const { request, body } = company.asked;
        expect(library.verify(body, request.headers)).toMatchObject({ id: text.reference, text: text.rendered.text });
        expect(() => library.verify(`${body} `, request.headers)).toThrow();
      }),
      { numRuns: 50 },
    );
  } finally {
    await provider.close();
    await company.close();
  }
});

it("the carrier lab's receipts pass the library", async () => {
  const [lab, gateway] = [await startLab(), new OneCompany()];
  lab.receipts.sendTo(await gateway.open());
  const { secret } = DEMO_WEBHOOK;
  const provider = new WebhookProvider({ secret, url: `${lab.url}/webhook/texts`, prefixes: [] });
  try {
    const [text] = fc.sample(texts, 1) as [OutboundSms];
    expect(await provider.send(text, signal())).toMatchObject({ kind: 'accepted' });

    const { request, body } = await until('a receipt', 5, () => gateway.requests[0]);
    const receipt = new Webhook(secret).verify(body, request.headers);
    expect(receipt).toMatchObject({ reference: text.reference, status: 'delivered' });
  } finally {
    await provider.close();
    await lab.close();
    await gateway.close();
  }
});
