import { Injectable, type BeforeApplicationShutdown, type OnApplicationShutdown } from '@nestjs/common';
import { RedisUnavailableError, retry, type HandlerResult } from '@app/common';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const TRY_AGAIN_MS = 500;

/** What becomes of a delivery whose step did not begin: it comes again after the shortest declared delay, to another process. */
export const processEnds = (): HandlerResult => retry('the process ends', 0);

/** Where a delivery waits while Redis or the broker is away, until they are back or the process ends. */
@Injectable()
export class Hold implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly ending = new AbortController();
  private readonly over = new AbortController();

  constructor() {
    for (const { signal } of [this.ending, this.over]) setMaxListeners(0, signal); // one for each delivery that waits
  }

  /** From now on what has not begun does not begin; an answer that is known is still noted and told. */
  beforeApplicationShutdown(): void {
    this.ending.abort();
  }

  /** Nobody waits any more; what waited is the broker's again. */
  onApplicationShutdown(): void {
    this.ending.abort();
    this.over.abort();
  }

  /** A step before anybody was asked. Undefined where the process ends while Redis is away. */
  async untilBegun<T>(step: () => Promise<T>): Promise<T | undefined> {
    return this.until(step, this.ending.signal).catch((error: unknown) => {
      if ((error as Error).name === 'AbortError') return undefined;
      throw error;
    });
  }

  /** A step that must not be left out. Rejects only where the process is over. */
  untilDone<T>(step: () => Promise<T>): Promise<T> {
    return this.until(step, this.over.signal);
  }

  async untilTrue(step: () => Promise<boolean>): Promise<void> {
    while (!(await step())) await sleep(TRY_AGAIN_MS, undefined, { signal: this.over.signal });
  }

  private async until<T>(step: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      try {
        return await step();
      } catch (error) {
        if (!(error instanceof RedisUnavailableError)) throw error;
        await sleep(TRY_AGAIN_MS, undefined, { signal });
      }
    }
  }
}
