import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import {
  basicAuth,
  TwilioProvider,
  type TwilioSettings,
} from '../../libs/sms-provider/src/providers/twilio.provider.ts';
import type { OutboundSms } from '../../libs/sms-provider/src/sms-provider.ts';
import { createPrism, getHttpOperationsFromSpec } from './peers.ts';
import { texts } from './texts.ts';

const description = JSON.parse(
  readFileSync(new URL('./twilio-messages.openapi.json', import.meta.url), 'utf8'),
) as Description;
const MESSAGES = '/2010-04-01/Accounts/{AccountSid}/Messages.json';
const { examples } = description.paths[MESSAGES]!.post.responses['201'].content['application/json'];
const settings = {
  accountSid: `AC${'0'.repeat(32)}`,
  authToken: '0123456789abcdef0123456789abcdef',
  from: '+12025550199',
};

interface Description {
  readonly paths: Readonly<
    Record<
      string,
      {
        readonly post: {
          readonly responses: {
            readonly '201': {
              readonly content: {
                readonly 'application/json': {
                  readonly examples: Readonly<Record<string, { value: { sid: string } }>>;
                };
              };
            };
          };
        };
      }
    >
  >;
}

/** Twilio as its own description has it: Prism refuses a request that does not fit, and answers with an example. */
async function twilioByDescription(exampleKey: string) {
  const config = {
    isProxy: false,
    checkSecurity: true,
    validateRequest: true,
    validateResponse: true,
    errors: true,
    mock: { dynamic: false, exampleKey },
  };
  const logger = pino({ level: 'silent', customLevels: { success: 35 } }); // Prism's own level
  const prism = createPrism(await getHttpOperationsFromSpec(description), {
    components: { logger },
    config,
    cors: false,
  });
  const baseUrl = await prism.listen(0, '127.0.0.1');
  return { baseUrl, close: () => prism.close() };
}

async function asking<T>(
  more: Partial<TwilioSettings>,
  exampleKey: string,
  ask: (provider: TwilioProvider) => Promise<T>,
) {
  const company = await twilioByDescription(exampleKey);
  const provider = new TwilioProvider({ ...settings, ...more, baseUrl: company.baseUrl });
  try {
    return await ask(provider);
  } finally {
    await provider.close();
    await company.close();
  }
}

it.each<[what: string, more: Partial<TwilioSettings>]>([
  ['from a number', {}],
  ['from a name', { from: 'Otpost' }],
  ['from a messaging service', { from: `MG${'a'.repeat(32)}` }],
  ['with an API key', { apiKey: `SK${'b'.repeat(32)}`, apiKeySecret: 'secret' }],
  ['with a status callback', { statusCallbackUrl: 'https://verify.example.com/v1/receipts/twilio' }],
])('every text %s is a request that the description allows', async (_what, more) => {
  const sid = examples.create!.value.sid;
  await asking(more, 'create', (provider) =>
    fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const outcome = await provider.send(text, new AbortController().signal);
        expect(outcome).toEqual({ kind: 'accepted', providerMessageId: sid });
      }),
      { numRuns: 30 },
    ),
  );
});

it.each(Object.keys(examples))('its example %s is read as accepted', async (exampleKey) => {
  const [text] = fc.sample(texts, 1) as [OutboundSms];
  const outcome = await asking({}, exampleKey, (provider) => provider.send(text, new AbortController().signal));
  expect(outcome).toEqual({ kind: 'accepted', providerMessageId: examples[exampleKey]!.value.sid });
});

describe('what the description does not allow is noticed:', () => {
  const form = { To: '+12025550123', From: settings.from, Body: 'x' };
  const auth = { authorization: basicAuth(settings.accountSid, settings.authToken) };
  let company: Awaited<ReturnType<typeof twilioByDescription>>;
  beforeAll(async () => {
    company = await twilioByDescription('create');
  });
  afterAll(() => company.close());

  it.each<[what: string, status: number, headers: Record<string, string>, fields: Record<string, string>]>([
    ['nothing', 201, auth, form],
    ['no receiver', 422, auth, { From: settings.from, Body: 'x' }],
    ['a validity that is no number', 422, auth, { ...form, ValidityPeriod: 'soon' }],
    ['a messaging service that is none', 422, auth, { ...form, MessagingServiceSid: 'MG1' }],
    ['a callback that is no address', 422, auth, { ...form, StatusCallback: 'not an address' }],
    ['no credentials', 401, {}, form],
  ])('%s is %i', async (_what, status, headers, fields) => {
    const path = MESSAGES.replace('{AccountSid}', settings.accountSid);
    const body = new URLSearchParams(fields);
    const response = await fetch(`${company.baseUrl}${path}`, { method: 'POST', headers, body });
    expect(response.status).toBe(status);
  });
});
