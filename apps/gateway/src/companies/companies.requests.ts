import { IsInt, IsOptional, IsString, Max, MaxLength, Min, MinLength } from 'class-validator';

export class PauseCompany {
  /** For whoever looks next; long numbers in it are masked. */
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  reason!: string;

  /** After so long the company is asked again by itself, at most 7 days; until somebody resumes if nothing is said. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(7 * 86_400)
  forSeconds?: number | null;
}
