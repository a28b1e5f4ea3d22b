import { ProcessSettings, readSettings } from '@app/common';
import { CarrierLabSettings, DEMO_ALIYUN, DEMO_TENCENT } from '../../apps/carrier-lab/src/carrier-lab.config.ts';
import { createCarrierLab, type CarrierLab } from '../../apps/carrier-lab/src/create-carrier-lab.ts';
import { AliyunProvider } from '../../libs/sms-provider/src/providers/aliyun.provider.ts';
import { TencentProvider } from '../../libs/sms-provider/src/providers/tencent.provider.ts';
import type { SmsProvider } from '../../libs/sms-provider/src/sms-provider.ts';
import { BUILT_IN_TEMPLATES } from '../../libs/sms-provider/src/templates/message-template.ts';
import { SmsTemplates } from '../../libs/sms-provider/src/templates/sms-templates.ts';
import { aText } from './start-lab.ts';

const ALIYUN = { accessKeyId: 'LTAIother', accessKeySecret: 'other-secret' };
const TENCENT = { secretId: 'AKIDother', secretKey: 'other-secret', appId: '1400000099' };

describe('accounts of one’s own', () => {
  let lab: CarrierLab;
  const opened: SmsProvider[] = [];
  beforeAll(async () => {
    const sections = { process: ProcessSettings, lab: CarrierLabSettings };
    lab = await createCarrierLab(
      readSettings(sections, {
        LOG_LEVEL: 'silent',
        CARRIER_LAB_PORT: '0',
        CARRIER_LAB_ALIYUN_ACCESS_KEY_ID: ALIYUN.accessKeyId,
        CARRIER_LAB_ALIYUN_ACCESS_KEY_SECRET: ALIYUN.accessKeySecret,
        CARRIER_LAB_TENCENT_SECRET_ID: TENCENT.secretId,
        CARRIER_LAB_TENCENT_SECRET_KEY: TENCENT.secretKey,
        CARRIER_LAB_TENCENT_APP_ID: TENCENT.appId,
        CARRIER_LAB_SIGNATURE: '某某科技',
      }),
    );
  });
  afterAll(async () => {
    for (const provider of opened) await provider.close?.();
    await lab.close();
  });

  const aliyunAt = (changes: Partial<typeof ALIYUN> = {}) => {
    const settings = { ...ALIYUN, templates: [...DEMO_ALIYUN.templates], abroad: false, ...changes };
    return new AliyunProvider({ ...settings, baseUrl: `${lab.url}/aliyun` });
  };
  const tencentAt = (changes: Partial<typeof TENCENT> = {}) => {
    const settings = { ...TENCENT, templates: [...DEMO_TENCENT.templates], region: 'ap-guangzhou', abroad: false };
    return new TencentProvider({ ...settings, ...changes, baseUrl: `${lab.url}/tencent` });
  };
  const send = (provider: SmsProvider, signature = '某某科技') => {
    opened.push(provider);
    const asked = aText();
    const rendered = new SmsTemplates(BUILT_IN_TEMPLATES, signature).render(provider, asked);
    return provider.send({ ...asked, rendered }, new AbortController().signal);
  };

  it.each([
    ['aliyun', () => aliyunAt()],
    ['tencent', () => tencentAt()],
  ])('of %s are accepted, with the signature that is registered', async (_name, at) => {
    expect(await send(at())).toMatchObject({ kind: 'accepted' });
    expect(lab.inbox.list('+8613800138000')[0]!.text).toMatch(/^【某某科技】/);
  });

  it.each([
    ['key of Aliyun', () => aliyunAt({ accessKeyId: DEMO_ALIYUN.accessKeyId }), 'InvalidAccessKeyId.NotFound'],
    ['secret of Aliyun', () => aliyunAt({ accessKeySecret: DEMO_ALIYUN.accessKeySecret }), 'SignatureDoesNotMatch'],
    ['key of Tencent', () => tencentAt({ secretId: DEMO_TENCENT.secretId }), 'AuthFailure.SecretIdNotFound'],
    ['secret of Tencent', () => tencentAt({ secretKey: DEMO_TENCENT.secretKey }), 'AuthFailure.SignatureFailure'],
    ['application', () => tencentAt({ appId: DEMO_TENCENT.appId }), 'InvalidParameterValue.SdkAppIdNotExist'],
  ])('take the place of the demo’s: its %s is refused', async (_what, at, code) => {
    expect(await send(at())).toMatchObject({ kind: 'rejected', code });
  });

  it.each([
    ['Aliyun', () => aliyunAt(), 'isv.SMS_SIGNATURE_ILLEGAL'],
    ['Tencent Cloud', () => tencentAt(), 'FailedOperation.SignatureIncorrectOrUnapproved'],
  ])('the demo’s signature is not registered with %s any more', async (_name, at, code) => {
    expect(await send(at(), DEMO_ALIYUN.signature)).toMatchObject({ kind: 'rejected', code });
  });
});
