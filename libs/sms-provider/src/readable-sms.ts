import { E164, isSealed, Sealer, UnreadableError, UnsealableError, type SmsSend } from '@app/common';
import type { SmsContent } from './sms-provider.js';

const CODE = /^\d{4,10}$/;

/**
 * Opens what is sealed.
 * @throws UnreadableError, which parks the message, for what does not open, is no number or code, or is plain where plain
 * values are not welcome. Its message holds no value.
 */
export function openSms(message: SmsSend, sealer: Sealer, acceptPlain: boolean): SmsContent {
  const { messageId } = message;
  const open = (field: 'to' | 'code', value: string, pattern: RegExp, to?: string): string => {
    if (!isSealed(value) && !acceptPlain) throw new UnreadableError(`plain-value: ${field}`);
    const plain = isSealed(value) ? opened(() => sealer.open(value, { messageId, field, to })) : value;
    if (!pattern.test(plain)) throw new UnreadableError(`schema: ${field}`);
    return plain;
  };
  const to = open('to', message.to, E164);
  const code = open('code', message.params.code, CODE, to);
  return { to, template: message.template, locale: message.locale, params: { code, minutes: message.params.minutes } };
}

function opened(open: () => string): string {
  try {
    return open();
  } catch (error) {
    throw error instanceof UnsealableError ? new UnreadableError(`unsealable: ${error.message}`) : error;
  }
}
