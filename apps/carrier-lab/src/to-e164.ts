import { Transform } from 'class-transformer';

export const E164 = /^\+[1-9]\d{4,14}$/;

/** Also reads a number whose plus sign an URL made a space or that has none, and eleven bare digits of mainland China. */
export const ToE164 = () => Transform(({ value }) => (typeof value === 'string' ? toE164(value) : (value as unknown)));

function toE164(number: string): string {
  if (/^1[3-9]\d{9}$/.test(number)) return `+86${number}`;
  return `+${number.trim().replace(/^\+/, '')}`;
}
