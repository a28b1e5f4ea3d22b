import { Type } from 'class-transformer';
import {
  IsIn,
  IsISO8601,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { E164 } from './e164.js';
import { Event } from './event.js';
import { IsSealedOr } from './sealed-or.js';

/** The texts that can be sent; a company's template ids hang on these keys. */
export const TEMPLATES = ['verification-code'] as const;
export type Template = (typeof TEMPLATES)[number];

/** What a set of routes may be called. */
export const ROUTES_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** What fills the template `verification-code`. */
export class VerificationCodeParams {
  /** The code, sealed with the message's id and number, or its digits. */
  @IsSealedOr(/^\d{4,10}$/)
  code!: string;

  /** How long the code lives, in whole minutes, as the text says it. */
  @Matches(/^\d{1,2}$/)
  minutes!: string;
}

/** Asks a worker to send one text. Published by the gateway; any producer may publish it. */
@Event('sms.send')
export class SmsSend {
  /** Identity of the text across attempts, copies and repeats: at most one text is accepted for it. */
  @IsUUID()
  messageId!: string;

  /** Absent when the text belongs to no verification. Its outcomes then concern only whoever listens for them. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  verificationId?: string;

  /** The receiver, sealed with the message's id, or E.164. */
  @IsSealedOr(E164)
  to!: string;

  @IsIn(TEMPLATES)
  template!: Template;

  /** What the text is for, in the words of whoever asks for it; routes may depend on it. */
  @IsOptional()
  @Matches(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/)
  purpose?: string;

  /** The set of routes that it goes by, as the workers' routes file calls it; absent: the routes of no set. */
  @IsOptional()
  @Matches(ROUTES_NAME)
  routes?: string;

  /** BCP 47. */
  @Matches(/^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8}){0,3}$/)
  locale!: string;

  @IsObject()
  @ValidateNested()
  @Type(() => VerificationCodeParams)
  params!: VerificationCodeParams;

  /** After this moment the text is worthless and is dropped instead of sent. */
  @IsISO8601({ strict: true })
  expiresAt!: string;
}
