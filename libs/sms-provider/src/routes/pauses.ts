import { AppLogger, type Redis } from '@app/common';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

/** Which companies an operator has taken off every route. */
export interface Pauses {
  has(company: string): boolean;
}

export const PAUSES = Symbol('Pauses');

/** A set in Redis, so that one word reaches every worker: `redis-cli SADD otpost:sms:paused ccp`, and `SREM` to resume. */
export const PAUSED_KEY = 'otpost:sms:paused';
/** A pause is in force within this everywhere. */
const LOOK_EVERY_MS = 2000;

/** Looks at intervals; while Redis is away the last known pauses hold. */
@Injectable()
export class RedisPauses implements Pauses, OnApplicationShutdown {
  private paused: ReadonlySet<string> = new Set();
  private readonly looking: NodeJS.Timeout;

  constructor(
    private readonly redis: Redis,
    private readonly logger: AppLogger,
  ) {
    this.looking = setInterval(() => void this.look(), LOOK_EVERY_MS).unref();
    void this.look();
  }

  has(company: string): boolean {
    return this.paused.has(company);
  }

  onApplicationShutdown(): void {
    clearInterval(this.looking);
  }

  private async look(): Promise<void> {
    let paused: ReadonlySet<string>;
    try {
      paused = new Set(await this.redis.smembers(PAUSED_KEY));
    } catch (error) {
      return this.logger.debug({ reason: (error as Error).message }, 'the paused companies could not be read');
    }
    for (const provider of paused) {
      if (!this.paused.has(provider)) this.logger.warn({ provider }, 'a company is paused by an operator');
    }
    for (const provider of this.paused) {
      if (!paused.has(provider)) this.logger.warn({ provider }, 'a company is resumed by an operator');
    }
    this.paused = paused;
  }
}

/** Where there is no Redis nobody can say so. */
export const NO_PAUSES: Pauses = { has: () => false };
