import fc from 'fast-check';
import type { OutboundSms } from '../../libs/sms-provider/src/sms-provider.ts';

/** Any text of any alphabet, never empty. */
export const words = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 });
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
export const alphanumeric = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...letters), minLength, maxLength });
export const secretKey = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 64 });
/** What an HTTP header can hold. */
export const headerValue = fc.string({ unit: 'grapheme-ascii', maxLength: 40 });

/** A text as the sender hands it to a company, its words not restricted to what templates make. */
export const texts: fc.Arbitrary<OutboundSms> = fc
  .record({
    reference: alphanumeric(1, 32),
    digits: fc.integer({ min: 10_000_000, max: 99_999_999 }),
    text: words,
    signature: words,
    templateId: fc.nat().map(String),
    code: words,
    minutes: fc.nat({ max: 60 }).map(String),
  })
  .map(({ reference, digits, text, signature, templateId, code, minutes }) => ({
    reference,
    repeated: false,
    ttlSeconds: 300,
    to: `+86139${digits}`,
    template: 'verification-code',
    locale: 'zh-CN',
    params: { code, minutes },
    rendered: {
      text,
      signature,
      templateId,
      params: [
        { name: 'code', value: code },
        { name: 'minutes', value: minutes },
      ],
    },
  }));
