import {
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsISO8601,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { SCOPES, type Scope } from './caller.js';
import { IsNetwork } from './network.js';

export class CreateApiKey {
  /** Who will use it. */
  @Matches(/^[a-z0-9-]{1,32}$/, { message: 'must be small letters, digits and dashes, at most 32' })
  id!: string;

  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(SCOPES, { each: true })
  scopes!: Scope[];

  /** Whose verifications it is for; `default` if nothing is said, `*` for a key that operates on all. */
  @IsOptional()
  @Matches(/^([a-z][a-z0-9-]{0,31}|\*)$/, { message: 'must be the name of a service, or * for all' })
  service?: string | null;

  /** From where it may be used; everywhere if there are none. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(20)
  @IsNetwork()
  cidrs?: string[] | null;

  @IsOptional()
  @IsISO8601({ strict: true })
  expiresAt?: string | null;

  @IsOptional()
  @IsString()
  @MaxLength(200)
  description?: string | null;
}

export class RotateApiKey {
  /** How long the secret before goes on working: 0 to 7 days, a day if nothing is said. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(7 * 86_400)
  overlapSeconds?: number | null;
}
