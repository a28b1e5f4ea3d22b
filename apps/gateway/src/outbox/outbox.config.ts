import { Setting } from '@app/common';
import { IsInt, Max, Min } from 'class-validator';

export class OutboxSettings {
  @Setting({
    env: 'OUTBOX_MAX',
    about: 'Texts that can wait while RabbitMQ is away, 64 to 10000000, about 1 kB of Redis each; more are refused.',
    example: '100000',
  })
  @IsInt()
  @Min(64)
  @Max(10_000_000)
  max: number = 100_000;
}
