import { PageCursor, PageLimit, TEMPLATES, type Template } from '@app/common';
import { applyDecorators } from '@nestjs/common';
import { Type } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsIP,
  IsISO8601,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { IsSmallMap } from './is-small-map.js';
import { STATUSES, type VerificationStatus } from './verification.js';

/** The end user as the caller sees it. Never logged. */
export class ClientDescription {
  /** The address that the end user's request came from; never that of the caller itself. Texts are limited by it. */
  @IsOptional()
  @IsIP()
  ip?: string | null;

  /** The caller knows this person or device already. */
  @IsOptional()
  @IsBoolean()
  trusted?: boolean | null;

  @IsOptional()
  @IsString()
  @MaxLength(512)
  userAgent?: string;

  @IsOptional()
  @IsString()
  @MaxLength(128)
  deviceId?: string;
}

const IsNumberText = () => applyDecorators(IsString(), MinLength(1), MaxLength(40));
const IsPurpose = () => applyDecorators(IsOptional(), Matches(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/));

export class StartVerification {
  /** A number as people write it; without + and country code it needs DEFAULT_REGION. */
  @IsNumberText()
  to!: string;

  @IsOptional()
  @IsIn(['sms'])
  channel?: 'sms' | null;

  /** What the verification is for, in the caller's words. */
  @IsPurpose()
  purpose?: string | null;

  /** Language of the text, BCP 47. */
  @IsOptional()
  @Matches(/^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8}){0,3}$/)
  locale?: string | null;

  @IsOptional()
  @IsIn(TEMPLATES)
  template?: Template | null;

  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ClientDescription)
  client?: ClientDescription | null;

  /** The caller's own notes, given back in each answer. */
  @IsOptional()
  @IsSmallMap()
  metadata?: Record<string, string> | null;
}

/** What is left out matches everything. */
export class ListVerifications {
  @IsOptional()
  @IsNumberText()
  to?: string;

  @IsOptional()
  @IsIn(STATUSES)
  status?: VerificationStatus;

  @IsOptional()
  @IsISO8601({ strict: true })
  createdAfter?: string;

  @PageLimit()
  limit: number = 50;

  @PageCursor()
  cursor?: string;
}

export class CheckCode {
  /** As the user typed it: spaces, dashes and digits of other scripts are understood. */
  @IsString()
  @MaxLength(64)
  code!: string;
}

export class CheckCodeOfNumber extends CheckCode {
  @IsNumberText()
  to!: string;

  /** That of the start. */
  @IsPurpose()
  purpose?: string | null;
}

export class ResendVerification {
  @IsOptional()
  @IsIn(['sms'])
  channel?: 'sms' | null;
}

export class EraseNumber {
  @IsNumberText()
  to!: string;
}
