import fc from 'fast-check';
import { signTc3, TencentProvider } from '../../libs/sms-provider/src/providers/tencent.provider.ts';
import { OneCompany, type Asked } from '../support/one-company.ts';
import { tencent, tencentSign } from './peers.ts';
import { alphanumeric, secretKey, texts } from './texts.ts';

/** From 2001 to 2100, in seconds. */
const timestamps = fc.integer({ min: 1_000_000_000, max: 4_102_444_800 });

it("signs as Tencent Cloud's SDK does, whatever the request holds", () => {
  const request = fc.record({
    secretId: alphanumeric(1, 128),
    secretKey,
    service: alphanumeric(1, 10).map((name) => name.toLowerCase()),
    payload: fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })),
    timestamp: timestamps,
  });
  fc.assert(
    fc.property(request, ({ secretId, secretKey, service, payload, timestamp }) => {
      const host = `${service}.tencentcloudapi.com`;
      const body = JSON.stringify(payload);
      const contentType = 'application/json; charset=utf-8';
      const signed = { 'content-type': contentType, host };
      const ours = signTc3({ secretId, secretKey, service, headers: signed, body, timestamp });

      const theirs = tencentSign.default.sign3({
        url: `https://${host}/`,
        payload: Buffer.from(body), // the very bytes
        timestamp,
        service,
        secretId,
        secretKey,
        headers: { 'Content-Type': contentType },
      });
      expect(ours).toBe(theirs);
    }),
    { numRuns: 500 },
  );
});

it("makes the request that Tencent Cloud's SDK makes of the same text, and signs the SDK's as the SDK does", async () => {
  const company = new OneCompany();
  const baseUrl = await company.open();
  const status = { SerialNo: '2640:1', Fee: 1, Code: 'Ok', Message: 'send success' };
  company.answers(200, { Response: { SendStatusSet: [status], RequestId: 'r' } });
  const keys = { secretId: 'AKIDExample', secretKey: 'example' };
  const settings = { ...keys, appId: '1400006666', templates: [], region: 'ap-guangzhou', abroad: false, baseUrl };
  const provider = new TencentProvider(settings);
  const { host, hostname } = new URL(baseUrl);
  const client = new tencent.sms.v20210111.Client({
    credential: keys,
    region: settings.region,
    profile: { httpProfile: { endpoint: host, protocol: 'http://' } },
  });
  try {
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        company.requests.length = 0;
        const ours = await provider.send(text, new AbortController().signal);
        const theirs = await client.SendSms({
          PhoneNumberSet: [text.to],
          SmsSdkAppId: settings.appId,
          SignName: text.rendered.signature,
          TemplateId: text.rendered.templateId,
          TemplateParamSet: text.rendered.params.map(({ value }) => value),
          SessionContext: text.reference,
        });

        expect(ours).toEqual({ kind: 'accepted', providerMessageId: '2640:1' });
        expect(theirs.SendStatusSet).toMatchObject([{ Code: 'Ok' }]);
        const [mine, sdk] = company.requests as [Asked, Asked];
        const asked = ({ request: { method, url, headers }, body }: Asked) => {
          const named = ['action', 'version', 'region'].map((name) => headers[`x-tc-${name}`]);
          return [method, url, JSON.parse(body) as unknown, ...named];
        };
        expect(asked(mine)).toEqual(asked(sdk));
        // On loopback the SDK takes the address's first part for the service, and leaves out the port.
        const { authorization, 'content-type': type = '', 'x-tc-timestamp': timestamp } = sdk.request.headers;
        const again = { ...keys, service: hostname.split('.')[0]!, headers: { 'content-type': type, host: hostname } };
        expect(signTc3({ ...again, body: sdk.body, timestamp: Number(timestamp) })).toBe(authorization);
      }),
      { numRuns: 50 },
    );
  } finally {
    await provider.close();
    await company.close();
  }
});
