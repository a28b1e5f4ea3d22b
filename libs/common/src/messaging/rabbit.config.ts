import { ArrayNotEmpty, IsNumber, Max, Min } from 'class-validator';
import { IsAddress } from '../config/is-address.js';
import { Setting } from '../config/setting.js';

export class RabbitSettings {
  @Setting({
    env: 'RABBITMQ_URL',
    about: 'Where events travel; several nodes of one cluster separated by commas; amqps:// for TLS.',
    example: 'amqp://otpost:password@localhost:5672',
    secret: true,
  })
  @ArrayNotEmpty()
  @IsAddress(['amqp', 'amqps'], { each: true })
  urls: string[] = [];

  @Setting({
    env: 'PUBLISH_TIMEOUT_SECONDS',
    about: 'How long one publish waits for the broker, 0.1 to 30 seconds.',
    example: '2',
  })
  @IsNumber()
  @Min(0.1)
  @Max(30)
  publishTimeoutSeconds: number = 2;
}
