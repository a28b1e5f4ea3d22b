import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { signAcs3 } from '../../libs/sms-provider/src/aliyun-api.ts';
import { AliyunProvider } from '../../libs/sms-provider/src/providers/aliyun.provider.ts';
import { OneCompany, type Asked } from '../support/one-company.ts';
import { aliyun, aliyunConfig, aliyunUtil } from './peers.ts';
import { alphanumeric, headerValue, secretKey, texts, words } from './texts.ts';

const ACS3 = 'ACS3-HMAC-SHA256';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

it("signs as Aliyun's SDK does, whatever the request holds", () => {
  const request = fc.record({
    accessKeyId: alphanumeric(1, 128),
    accessKeySecret: secretKey,
    query: fc.dictionary(alphanumeric(1, 20), words),
    headers: fc.dictionary(
      alphanumeric(1, 20).map((name) => `x-acs-${name.toLowerCase()}`),
      headerValue,
    ),
    body: fc.string({ unit: 'binary' }),
  });
  fc.assert(
    fc.property(request, ({ accessKeyId, accessKeySecret, query, headers, body }) => {
      const given = { host: 'dysmsapi.aliyuncs.com', ...headers };
      const signed = signAcs3({ accessKeyId, accessKeySecret, query, headers: given, body });

      const whole = {
        method: 'POST',
        pathname: '/',
        query,
        headers: { ...given, 'x-acs-content-sha256': sha256(body) },
      };
      const wanted = aliyunUtil.getAuthorization(whole, ACS3, sha256(body), accessKeyId, accessKeySecret);
      expect(signed.headers.authorization).toBe(wanted);
    }),
    { numRuns: 500 },
  );
});

it("makes the request that Aliyun's SDK makes of the same text, and signs the SDK's as the SDK does", async () => {
  const company = new OneCompany();
  const baseUrl = await company.open();
  company.answers(200, { Code: 'OK', Message: 'OK', RequestId: 'r', BizId: '900^0' });
  const keys = { accessKeyId: 'testAccessKeyId', accessKeySecret: 'testAccessKeySecret' };
  const provider = new AliyunProvider({ ...keys, templates: [], abroad: true, baseUrl });
  const { host } = new URL(baseUrl);
  const client = new aliyun.default(new aliyunConfig.Config({ ...keys, endpoint: host, protocol: 'HTTP' }));
  try {
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        company.requests.length = 0;
        const ours = await provider.send(text, new AbortController().signal);
        const { body: theirs } = await client.sendSms(
          new aliyun.SendSmsRequest({
            phoneNumbers: text.to.replace('+86', ''),
            signName: text.rendered.signature!,
            templateCode: text.rendered.templateId!,
            templateParam: JSON.stringify(text.params),
            outId: text.reference,
          }),
        );

        expect([ours, theirs.bizId]).toEqual([{ kind: 'accepted', providerMessageId: '900^0' }, '900^0']);
        const [mine, sdk] = company.requests as [Asked, Asked];
        const asked = ({ request, body }: Asked) => [request.method, request.url, body];
        expect(asked(mine)).toEqual(asked(sdk));
        const signedNames = ['host', ...Object.keys(sdk.request.headers).filter((name) => name.startsWith('x-acs-'))];
        const headers = Object.fromEntries(signedNames.map((name) => [name, sdk.request.headers[name] as string]));
        const query = Object.fromEntries(new URL(sdk.request.url!, baseUrl).searchParams);
        const again = signAcs3({ ...keys, query, headers, body: sdk.body });
        expect(again.headers.authorization).toBe(sdk.request.headers.authorization);
      }),
      { numRuns: 50 },
    );
  } finally {
    await provider.close();
    await company.close();
  }
});
