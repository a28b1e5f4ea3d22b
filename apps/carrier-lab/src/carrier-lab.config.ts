import { ProcessSettings, readEnvironment, Setting } from '@app/common';
import { IsInt, Matches, Max, Min } from 'class-validator';

/** Well-known credentials: worth nothing outside the lab, so that a demo needs no account. */
export const DEMO_CCP = {
  accountSid: '0000000000000000carrierlab000000',
  authToken: 'carrier-lab-demo-token',
  appId: 'carrier-lab-demo-app',
  templates: ['verification-code=1', 'verification-code:en=2'],
} as const;

/** As DEMO_CCP; the make-believe Aliyun knows this one account. */
export const DEMO_ALIYUN = {
  accessKeyId: 'carrier-lab-aliyun',
  accessKeySecret: 'carrier-lab-aliyun-secret',
  /** The only registered one. */
  signature: 'Otpost',
  templates: ['verification-code=SMS_100001', 'verification-code:en=SMS_100002'],
} as const;

/** As DEMO_CCP; the make-believe Tencent Cloud knows this one account. */
export const DEMO_TENCENT = {
  secretId: 'carrierlabtencent',
  secretKey: 'carrier-lab-tencent-secret',
  appId: '1400000001',
  signature: 'Otpost',
  templates: ['verification-code=1001', 'verification-code:en=1002'],
} as const;

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
}

export interface CarrierLabConfig {
  readonly process: ProcessSettings;
  readonly lab: CarrierLabSettings;
}

export const readCarrierLabConfig = (): Promise<CarrierLabConfig> =>
  readEnvironment({ process: ProcessSettings, lab: CarrierLabSettings });
