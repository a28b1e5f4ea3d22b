import { PageCursor, PageLimit } from '@app/common';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsInt,
  IsISO8601,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';

/** Where texts die; other lanes are asked for by their name. */
export const TEXTS = 'sms-worker.sms.send';

/** Which dead letters; what is left out matches everything. */
export class DeadLetterSelection {
  /** The lane in whose dead queue they lie. */
  @IsOptional()
  @Matches(/^[a-z0-9-]{1,64}(\.[a-z0-9-]{1,64}){1,8}$/)
  queue: string = TEXTS;

  @IsOptional()
  @IsString()
  @MaxLength(200)
  reason?: string;

  @IsOptional()
  @Matches(/^[A-Z_]{1,32}$/)
  class?: string;

  @IsOptional()
  @Matches(/^[a-z][a-z0-9-]{0,31}$/)
  provider?: string;

  /** Since the first publish: seconds, or 10m, 2h, 1d. */
  @IsOptional()
  @Matches(/^\d{1,7}[smhd]?$/, { message: 'must be seconds, or a number with s, m, h or d' })
  olderThan?: string;

  @IsOptional()
  @IsString()
  @MaxLength(40)
  to?: string;
}

export class ListDeadLetters extends DeadLetterSelection {
  @PageLimit()
  limit: number = 50;

  @PageCursor()
  cursor?: string;
}

/** One batch: the answer says what is left, and asking again goes on. */
export class DiscardDeadLetters extends DeadLetterSelection {
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(200)
  @IsString({ each: true })
  messageIds?: string[];

  /** Only tells what would be done. */
  @IsOptional()
  @IsBoolean()
  dryRun: boolean = false;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(500)
  limit: number = 500;
}

export class ReplayDeadLetters extends DiscardDeadLetters {
  /** What is replayed in one second at most. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(200)
  ratePerSecond: number = 20;

  /** `startedAt` of the first answer of a run: what the run has replayed and has died again is left alone. */
  @IsOptional()
  @IsISO8601({ strict: true })
  notReplayedSince?: string;
}

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 };

export function millisecondsOf(duration: string): number {
  const unit = duration.at(-1) as keyof typeof SECONDS;
  return Number.parseInt(duration, 10) * (SECONDS[unit] ?? 1) * 1000;
}
