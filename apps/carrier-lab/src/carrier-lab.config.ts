import { ProcessSettings, readEnvironment, Setting, type Environment } from '@app/common';
import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator';

/** Well-known credentials: worth nothing outside the lab, so that a demo needs no account. */
export const DEMO_CCP = {
  accountSid: '0000000000000000carrierlab000000',
  authToken: 'carrier-lab-demo-token',
  appId: 'carrier-lab-demo-app',
  templates: ['verification-code=1', 'verification-code:en=2'],
} as const;

/** Registered with the make-believe Aliyun and Tencent Cloud. */
const DEMO_SIGNATURE = 'Otpost';

/** As DEMO_CCP, at the make-believe Aliyun. */
export const DEMO_ALIYUN = {
  accessKeyId: 'carrier-lab-aliyun',
  accessKeySecret: 'carrier-lab-aliyun-secret',
  signature: DEMO_SIGNATURE,
  templates: ['verification-code=SMS_100001', 'verification-code:en=SMS_100002'],
} as const;

/** As DEMO_CCP; that account's keys, and what the company lends. */
export const DEMO_ALIYUN_PNVS = {
  accessKeyId: DEMO_ALIYUN.accessKeyId,
  accessKeySecret: DEMO_ALIYUN.accessKeySecret,
  signature: '速通互联验证码',
  templates: ['verification-code=100001'],
} as const;

/** As DEMO_CCP, at the make-believe Tencent Cloud. */
export const DEMO_TENCENT = {
  secretId: 'carrierlabtencent',
  secretKey: 'carrier-lab-tencent-secret',
  appId: '1400000001',
  signature: DEMO_SIGNATURE,
  templates: ['verification-code=1001', 'verification-code:en=1002'],
} as const;

export const DEMO_RECEIPT_TOKEN = 'carrierlabreceipts00000000000000000';

export const DEMO_TWILIO = {
  accountSid: 'AC00000000000000000000ca441e41ab00',
  authToken: 'carrier-lab-demo-token',
  from: '+12025550199',
} as const;

export const DEMO_WEBHOOK = { secret: 'whsec_Y2Fycmllci1sYWItZGVtby1zZWNyZXQtMDEyMw==' } as const;

/** A worker's settings for every company that a lab at this address plays; read only where SMS_PROVIDERS names them. */
export const demoAccounts = (labUrl: string): Environment => ({
  SMS_PROVIDERS: 'ccp',
  SMS_SIGNATURE: DEMO_SIGNATURE,
  SMS_CCP_BASE_URL: labUrl,
  SMS_CCP_ACCOUNT_SID: DEMO_CCP.accountSid,
  SMS_CCP_AUTH_TOKEN: DEMO_CCP.authToken,
  SMS_CCP_APP_ID: DEMO_CCP.appId,
  SMS_CCP_TEMPLATES: DEMO_CCP.templates.join(','),
  SMS_ALIYUN_BASE_URL: `${labUrl}/aliyun`,
  SMS_ALIYUN_ACCESS_KEY_ID: DEMO_ALIYUN.accessKeyId,
  SMS_ALIYUN_ACCESS_KEY_SECRET: DEMO_ALIYUN.accessKeySecret,
  SMS_ALIYUN_TEMPLATES: DEMO_ALIYUN.templates.join(','),
  SMS_ALIYUN_PNVS_BASE_URL: `${labUrl}/aliyun-pnvs`,
  SMS_ALIYUN_PNVS_ACCESS_KEY_ID: DEMO_ALIYUN_PNVS.accessKeyId,
  SMS_ALIYUN_PNVS_ACCESS_KEY_SECRET: DEMO_ALIYUN_PNVS.accessKeySecret,
  SMS_ALIYUN_PNVS_SIGNATURE: DEMO_ALIYUN_PNVS.signature,
  SMS_ALIYUN_PNVS_TEMPLATES: DEMO_ALIYUN_PNVS.templates.join(','),
  SMS_TENCENT_BASE_URL: `${labUrl}/tencent`,
  SMS_TENCENT_SECRET_ID: DEMO_TENCENT.secretId,
  SMS_TENCENT_SECRET_KEY: DEMO_TENCENT.secretKey,
  SMS_TENCENT_APP_ID: DEMO_TENCENT.appId,
  SMS_TENCENT_TEMPLATES: DEMO_TENCENT.templates.join(','),
  SMS_TWILIO_BASE_URL: labUrl,
  SMS_TWILIO_ACCOUNT_SID: DEMO_TWILIO.accountSid,
  SMS_TWILIO_AUTH_TOKEN: DEMO_TWILIO.authToken,
  SMS_TWILIO_FROM: DEMO_TWILIO.from,
  SMS_WEBHOOK_URL: `${labUrl}/webhook/texts`,
  SMS_WEBHOOK_SECRET: DEMO_WEBHOOK.secret,
});

export class CarrierLabSettings {
  @Setting({
    env: 'CARRIER_LAB_PORT',
    about: 'TCP port of the make-believe SMS company, on loopback only; 0 takes a free one.',
    example: '3001',
  })
  @IsInt()
  @Min(0)
  @Max(65535)
  port: number = 3001;

  @Setting({
    env: 'CARRIER_LAB_CCP_ACCOUNT_SID',
    about: 'The account that the make-believe CCP knows.',
    example: DEMO_CCP.accountSid,
  })
  @Matches(/^[A-Za-z0-9]{1,64}$/, { message: 'it must be letters and digits' })
  ccpAccountSid: string = DEMO_CCP.accountSid;

  @Setting({
    env: 'CARRIER_LAB_CCP_AUTH_TOKEN',
    about: 'The token of that account.',
    example: DEMO_CCP.authToken,
    secret: true,
  })
  @Matches(/^\S+$/, { message: 'it must not hold spaces' })
  ccpAuthToken: string = DEMO_CCP.authToken;

  @Setting({
    env: 'CARRIER_LAB_CCP_APP_ID',
    about: 'The application of that account.',
    example: DEMO_CCP.appId,
  })
  @Matches(/^\S+$/, { message: 'it must not hold spaces' })
  ccpAppId: string = DEMO_CCP.appId;

  @Setting({
    env: 'CARRIER_LAB_ALIYUN_ACCESS_KEY_ID',
    about: 'The access key that the make-believe Aliyun knows.',
    example: DEMO_ALIYUN.accessKeyId,
  })
  @Matches(/^[A-Za-z0-9._-]{1,128}$/, { message: 'it must be letters and digits' })
  aliyunAccessKeyId: string = DEMO_ALIYUN.accessKeyId;

  @Setting({
    env: 'CARRIER_LAB_ALIYUN_ACCESS_KEY_SECRET',
    about: 'The secret of that key.',
    example: DEMO_ALIYUN.accessKeySecret,
    secret: true,
  })
  @Matches(/^\S+$/, { message: 'it must not hold spaces' })
  aliyunAccessKeySecret: string = DEMO_ALIYUN.accessKeySecret;

  @Setting({
    env: 'CARRIER_LAB_TENCENT_SECRET_ID',
    about: 'The key that the make-believe Tencent Cloud knows.',
    example: DEMO_TENCENT.secretId,
  })
  @Matches(/^[A-Za-z0-9]{1,128}$/, { message: 'it must be letters and digits' })
  tencentSecretId: string = DEMO_TENCENT.secretId;

  @Setting({
    env: 'CARRIER_LAB_TENCENT_SECRET_KEY',
    about: 'The secret of that key.',
    example: DEMO_TENCENT.secretKey,
    secret: true,
  })
  @Matches(/^\S+$/, { message: 'it must not hold spaces' })
  tencentSecretKey: string = DEMO_TENCENT.secretKey;

  @Setting({
    env: 'CARRIER_LAB_TENCENT_APP_ID',
    about: 'The application of that account.',
    example: DEMO_TENCENT.appId,
  })
  @Matches(/^[0-9]{1,20}$/, { message: 'it must be digits' })
  tencentAppId: string = DEMO_TENCENT.appId;

  @Setting({
    env: 'CARRIER_LAB_SIGNATURE',
    about: 'The one signature that is registered with the make-believe Aliyun and Tencent Cloud.',
    example: DEMO_SIGNATURE,
  })
  @Matches(/^\S{1,32}$/, { message: 'it must not hold spaces' })
  signature: string = DEMO_SIGNATURE;

  @Setting({
    env: 'CARRIER_LAB_TWILIO_ACCOUNT_SID',
    about: 'The account that the make-believe Twilio knows.',
    example: DEMO_TWILIO.accountSid,
  })
  @Matches(/^AC[0-9a-f]{32}$/, { message: 'it must be AC and 32 hex digits' })
  twilioAccountSid: string = DEMO_TWILIO.accountSid;

  @Setting({
    env: 'CARRIER_LAB_TWILIO_AUTH_TOKEN',
    about: 'The token of that account, which also signs its receipts.',
    example: DEMO_TWILIO.authToken,
    secret: true,
  })
  @Matches(/^\S+$/, { message: 'it must not hold spaces' })
  twilioAuthToken: string = DEMO_TWILIO.authToken;

  @Setting({
    env: 'CARRIER_LAB_WEBHOOK_SECRET',
    about: 'The secret that the make-believe webhook checks and signs with.',
    example: DEMO_WEBHOOK.secret,
    secret: true,
  })
  @Matches(/^whsec_\S+$/, { message: 'it must begin with whsec_' })
  webhookSecret: string = DEMO_WEBHOOK.secret;

  @Setting({
    env: 'CARRIER_LAB_RECEIPTS_URL',
    about: 'Where receipts go: the gateway on loopback. None: no receipts, but those that a request asks for.',
    example: 'http://127.0.0.1:3000/v1/receipts',
    optional: true,
  })
  @IsOptional()
  @Matches(/^http:\/\/(127\.0\.0\.1|localhost)(:\d+)?(\/[^\s?#]*)?$/, { message: 'it must be an http URL on loopback' })
  receiptsUrl?: string;

  @Setting({
    env: 'CARRIER_LAB_RECEIPT_TOKEN',
    about:
      'The secret end of the address where a company that does not sign sends its receipts: one of RECEIPT_TOKENS.',
    example: 'carrierlabreceipts00000000000000000',
    secret: true,
  })
  @Matches(/^[A-Za-z0-9]{32,128}$/, { message: 'it must be 32 to 128 letters and digits' })
  receiptToken: string = DEMO_RECEIPT_TOKEN;
}

export interface CarrierLabConfig {
  readonly process: ProcessSettings;
  readonly lab: CarrierLabSettings;
}

export const readCarrierLabConfig = (): Promise<CarrierLabConfig> =>
  readEnvironment({ process: ProcessSettings, lab: CarrierLabSettings });
