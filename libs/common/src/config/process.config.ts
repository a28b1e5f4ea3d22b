import { IsIn } from 'class-validator';
import { Setting } from './setting.js';

/** What every process of ours has. */
export class ProcessSettings {
  @Setting({
    env: 'NODE_ENV',
    about: 'In production every embedded or make-believe part is refused.',
    example: 'production',
  })
  @IsIn(['development', 'test', 'production'])
  environment: string = 'development';

  @Setting({ env: 'LOG_LEVEL', about: 'One of debug, info, warn, error.', example: 'info' })
  @IsIn(['debug', 'info', 'warn', 'error', 'silent'])
  logLevel: string = 'info';

  get production(): boolean {
    return this.environment === 'production';
  }
}
