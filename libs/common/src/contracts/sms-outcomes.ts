import { IsBoolean, IsInt, IsISO8601, IsOptional, IsString, IsUUID, Matches, MaxLength, Min } from 'class-validator';
import { Event, type Contract } from './event.js';

/** What became of a text at one attempt. Published by the worker for whoever cares: the gateway writes its timeline from it. */
export class SmsOutcome {
  @IsUUID()
  messageId!: string;

  @IsOptional()
  @IsString()
  @MaxLength(64)
  verificationId?: string;

  /** The company, or `none` where no company was asked. */
  @Matches(/^[a-z][a-z0-9-]{0,31}$/)
  provider!: string;

  /** The company's own id of the text. */
  @IsOptional()
  @IsString()
  @MaxLength(128)
  providerMessageId?: string;

  /** Which delivery of the event this was, from 1. */
  @IsInt()
  @Min(1)
  attempt!: number;

  @IsISO8601({ strict: true })
  at!: string;

  /** No further attempt follows. */
  @IsBoolean()
  final!: boolean;

  /** When the next attempt is due, where one follows. */
  @IsOptional()
  @IsISO8601({ strict: true })
  nextAttemptAt?: string;

  /** RETRYABLE or PERMANENT. */
  @IsOptional()
  @IsString()
  @MaxLength(32)
  errorClass?: string;

  /** recipient, region, request, account or provider. */
  @IsOptional()
  @IsString()
  @MaxLength(32)
  errorScope?: string;

  /** The company's own code, or ours where no company was asked. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  errorCode?: string;

  /** The company may have been asked twice for this text, and it has no guard against duplicates. */
  @IsOptional()
  @IsBoolean()
  maybeDuplicate?: boolean;
}

/** The company took the text. */
@Event('sms.accepted')
export class SmsAccepted extends SmsOutcome {}

/** The company, or we in its stead, refused the text. */
@Event('sms.rejected')
export class SmsRejected extends SmsOutcome {}

/**
 * The company may or may not have the text; a receipt or a query settles it. With the errorCode `receipt-missing` the company
 * took it, and has not said in time whether the handset got it.
 */
@Event('sms.unknown')
export class SmsUnknown extends SmsOutcome {}

/** The text was not sent because its code had died. */
@Event('sms.expired')
export class SmsExpired extends SmsOutcome {}

/** The handset got the text, says the company. */
@Event('sms.delivered')
export class SmsDelivered extends SmsOutcome {}

/** The handset did not get the text, says the company. */
@Event('sms.undelivered')
export class SmsUndelivered extends SmsOutcome {}

export const SMS_OUTCOMES = [
  SmsAccepted,
  SmsRejected,
  SmsUnknown,
  SmsExpired,
  SmsDelivered,
  SmsUndelivered,
] as const satisfies readonly Contract<SmsOutcome>[];
