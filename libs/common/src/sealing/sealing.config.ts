import { IsKeyList } from '../config/key-list.js';
import { Setting } from '../config/setting.js';

/** Keys held by the gateway and the worker only. */
export class SealingSettings {
  @Setting({
    env: 'SEALING_KEYS',
    about:
      'Keys that seal codes and numbers between gateway and worker: id:base64 of 32 random bytes, the first one seals, all of them open.',
    example: 'k1:$(openssl rand -base64 32)',
    secret: true,
  })
  @IsKeyList()
  keys: string[] = [];
}
