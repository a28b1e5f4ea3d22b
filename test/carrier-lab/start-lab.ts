import { ProcessSettings } from '@app/common';
import { randomUUID } from 'node:crypto';
import { CarrierLabSettings, DEMO_CCP } from '../../apps/carrier-lab/src/carrier-lab.config.ts';
import { createCarrierLab, type CarrierLab } from '../../apps/carrier-lab/src/create-carrier-lab.ts';
import { CcpProvider } from '../../libs/sms-provider/src/providers/ccp.provider.ts';
import type { OutboundSms, QueryAnswer, SendOutcome, SmsProvider } from '../../libs/sms-provider/src/sms-provider.ts';
import { BUILT_IN_TEMPLATES } from '../../libs/sms-provider/src/templates/message-template.ts';
import { SmsTemplates } from '../../libs/sms-provider/src/templates/sms-templates.ts';

/** A lab on a free port, silent. */
export const startLab = (): Promise<CarrierLab> =>
  createCarrierLab({
    process: Object.assign(new ProcessSettings(), { logLevel: 'silent' }),
    lab: Object.assign(new CarrierLabSettings(), { port: 0 }),
  });

/** The real provider with the lab's demo account. */
export const ccpAt = (lab: CarrierLab, changes: Partial<typeof DEMO_CCP> = {}): CcpProvider =>
  new CcpProvider({ ...DEMO_CCP, ...changes, templates: [...DEMO_CCP.templates], baseUrl: lab.url });

/** What is asked of a company before it is put into that company's words. */
export type Asked = Omit<OutboundSms, 'rendered'>;

export const aText = (changes: Partial<Asked> = {}): Asked => ({
  reference: randomUUID().replaceAll('-', ''),
  repeated: false,
  ttlSeconds: 300,
  to: '+8613800138000',
  template: 'verification-code',
  locale: 'zh-CN',
  params: { code: '123456', minutes: '5' },
  ...changes,
});

const templates = new SmsTemplates(BUILT_IN_TEMPLATES, 'Otpost');

/** One attempt, rendered as the sender renders it. */
export const send = (provider: SmsProvider, asked: Asked, signal?: AbortSignal): Promise<SendOutcome> =>
  provider.send({ ...asked, rendered: templates.render(provider, asked) }, signal ?? new AbortController().signal);

/** One status query, of a text that was asked for within the last minute. */
export const query = (
  provider: SmsProvider,
  asked: Asked,
  { outcome, forgotten, signal }: { outcome?: SendOutcome; forgotten?: boolean; signal?: AbortSignal } = {},
): Promise<QueryAnswer> =>
  provider.query!(
    {
      to: asked.to,
      reference: asked.reference,
      ...(outcome?.kind === 'accepted' && { providerMessageId: outcome.providerMessageId! }),
      ...(!forgotten && { text: templates.render(provider, asked).text }),
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + 5_000),
    },
    signal ?? new AbortController().signal,
  );

/** One call of the lab's own API. */
export async function ask(lab: CarrierLab, method: string, path: string, body?: unknown) {
  const response = await fetch(lab.url + path, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: (text === '' ? undefined : JSON.parse(text)) as Record<string, unknown> | undefined,
  };
}
