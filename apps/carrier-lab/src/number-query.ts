import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsOptional, Matches } from 'class-validator';

/** Also reads a number whose plus sign an URL made a space or that has none, and eleven bare digits of mainland China. */
export const IsNumberTo = () =>
  applyDecorators(
    IsOptional(),
    Transform(({ value }) => (typeof value === 'string' ? toE164(value) : (value as unknown))),
    Matches(/^\+[1-9]\d{4,14}$/, { message: 'to must be a number such as +8613800138000' }),
  );

/** `?to=`: without it, every number is meant. */
export class NumberQuery {
  @IsNumberTo()
  to?: string;
}

function toE164(number: string): string {
  if (/^1[3-9]\d{9}$/.test(number)) return `+86${number}`;
  return `+${number.trim().replace(/^\+/, '')}`;
}
