import { IsIn, IsInt, IsNumber, IsOptional, Matches, Max, Min } from 'class-validator';
import { IsNumberTo } from '../number-query.js';

/** What a fault may say of a text, in words that every company has a code for. */
export type Reason = 'busy' | 'invalid-number' | 'too-soon' | 'no-balance';

/** `before`: the text is not taken; `after`: it is, and only the answer fails. */
export type Moment = 'before' | 'after';

export type ReceiptFault = 'delivered' | 'undelivered' | 'none' | 'unknown-id' | 'forged';

/** How the make-believe company misbehaves: towards one number, or towards every number that has no fault of its own. */
export class Fault {
  @IsNumberTo()
  to?: string;

  /** Before every answer. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(60_000)
  latencyMs?: number;

  /** No answer ever comes. */
  @IsOptional()
  @IsIn(['before', 'after'])
  hang?: Moment;

  /** Half an answer comes, and the connection breaks. */
  @IsOptional()
  @IsIn(['before', 'after'])
  cut?: Moment;

  /** Half an answer comes, and nothing more. */
  @IsOptional()
  @IsIn(['before', 'after'])
  stall?: Moment;

  /** The company's code, or a Reason; alone: every text is refused. `busy` when only one of the next two is set. */
  @IsOptional()
  @Matches(/^[A-Za-z0-9._-]{1,64}$/)
  code?: string;

  /** The chance that a request is refused. */
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  errorRate?: number;

  /** How many requests are refused of each text, which is a number with certain words: a new code starts anew. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1000)
  failFirst?: number;

  /** What a refusal says of when to come back. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(86_400)
  retryAfterSeconds?: number;

  /** What the receipt says: `none` is never sent, `unknown-id` is about a text that nobody sent, `forged` has a wrong signature or token. */
  @IsOptional()
  @IsIn(['delivered', 'undelivered', 'none', 'unknown-id', 'forged'])
  receipt?: ReceiptFault;

  /** How long after the answer it comes. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(600_000)
  receiptDelayMs?: number;

  /** How much later by chance: receipts then come in another order than the texts. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(600_000)
  receiptJitterMs?: number;

  /** The chance that it gets lost. */
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  receiptLoss?: number;

  /** How often it comes. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(10)
  receiptTimes?: number;

  /** What a status query meets: no answer, an error, or a list without the text. */
  @IsOptional()
  @IsIn(['hang', 'down', 'empty'])
  query?: 'hang' | 'down' | 'empty';

  /** How long after it was taken a status query finds a text. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(600_000)
  queryLateMs?: number;

  /** Where the dice of `errorRate` start; the same seed and order of requests give the same refusals. */
  @IsOptional()
  @IsInt()
  seed?: number;
}
