import { IsIn, IsISO8601, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { Event } from './event.js';

/** A company's later word on one text. Published by the gateway, which takes it from the company; holds no number. */
@Event('sms.receipt')
export class SmsReceipt {
  @Matches(/^[a-z][a-z0-9-]{0,31}$/)
  provider!: string;

  /** The company's own id of the text. One of this and `reference` is there. */
  @IsOptional()
  @IsString()
  @MaxLength(128)
  providerMessageId?: string;

  /** What we called the request. */
  @IsOptional()
  @Matches(/^[A-Za-z0-9]{1,64}$/)
  reference?: string;

  @IsIn(['delivered', 'undelivered'])
  status!: 'delivered' | 'undelivered';

  /** The company's own code of why it was not delivered. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  errorCode?: string;

  /** When the gateway got it. */
  @IsISO8601({ strict: true })
  at!: string;
}
