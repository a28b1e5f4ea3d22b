import { Setting } from '@app/common';
import { IsBoolean } from 'class-validator';

export class IdempotencySettings {
  @Setting({
    env: 'IDEMPOTENCY_KEY_REQUIRED',
    about: 'Whether starting, resending and canceling without an Idempotency-Key is refused.',
    example: 'true',
  })
  @IsBoolean()
  required: boolean = false;
}
