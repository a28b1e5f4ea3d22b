import { createRequire } from 'node:module';
import type { IncomingMessage } from 'node:http';

/**
 * The companies' own packages, and Prism: what the tests use of each. They are installed here and nowhere else, so the
 * rest of the project is checked without them.
 */
const load = createRequire(import.meta.url);

interface AliyunClient {
  sendSms(request: object): Promise<{ readonly body: { readonly code: string; readonly bizId: string } }>;
}
export const aliyun = load('@alicloud/dysmsapi20170525') as {
  readonly default: new (config: object) => AliyunClient;
  readonly SendSmsRequest: new (fields: Readonly<Record<string, string>>) => object;
};

export const { OpenApiUtil: aliyunUtil, $OpenApiUtil: aliyunConfig } = load('@alicloud/openapi-core') as {
  readonly OpenApiUtil: {
    getAuthorization(
      request: object,
      algorithm: string,
      bodyHash: string,
      accessKeyId: string,
      accessKeySecret: string,
    ): string;
  };
  readonly $OpenApiUtil: { readonly Config: new (fields: Readonly<Record<string, string>>) => object };
};

interface TencentClient {
  SendSms(request: object): Promise<{ readonly SendStatusSet: readonly { readonly Code: string }[] }>;
}
export const tencent = load('tencentcloud-sdk-nodejs-sms') as {
  readonly sms: { readonly v20210111: { readonly Client: new (config: object) => TencentClient } };
};

export const tencentSign = load('tencentcloud-sdk-nodejs-common/tencentcloud/common/sign') as {
  readonly default: { sign3(request: object): string };
};

interface TwilioClient {
  readonly api: { baseUrl: string };
  readonly messages: { create(fields: object): Promise<{ readonly sid: string }> };
}
type Params = Readonly<Record<string, string | readonly string[]>>;
export const twilio = load('twilio') as {
  (accountSid: string, authToken: string): TwilioClient;
  getExpectedTwilioSignature(authToken: string, url: string, params: Params): string;
  validateRequest(authToken: string, signature: string, url: string, params: Params): boolean;
};

export const { Webhook } = load('standardwebhooks') as {
  readonly Webhook: new (secret: string) => {
    sign(id: string, at: Date, body: string): string;
    /** @throws where the signature is not that of the body, or is old. */
    verify(body: string, headers: IncomingMessage['headers']): unknown;
  };
};

/** Prism: an OpenAPI description as a server that refuses what does not fit it. */
export const { getHttpOperationsFromSpec } = load('@stoplight/prism-http') as {
  getHttpOperationsFromSpec(description: object): Promise<readonly object[]>;
};
export const { createServer: createPrism } = load('@stoplight/prism-http-server') as {
  createServer(
    operations: readonly object[],
    options: { components: { logger: object }; config: object; cors: boolean },
  ): { listen(port: number, host: string): Promise<string>; close(): Promise<void> };
};
