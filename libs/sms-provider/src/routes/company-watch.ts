import { AppLogger } from '@app/common';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { Companies } from './companies.js';
import { COMPANY_BOOK, type CompanyBook } from './company-book.js';
import { Pauses } from './pauses.js';

/** A pause is in force within this everywhere. */
const LOOK_EVERY_MS = 2000;
/** Until the book has been read once. */
const TRY_EVERY_MS = 100;
/** A book that cannot be read holds no text back for longer. */
const PATIENCE_MS = 5000;

/**
 * Tells the book how this worker's companies are, and learns which are paused. While the book cannot be read the last
 * known pauses hold.
 */
@Injectable()
export class CompanyWatch implements OnApplicationShutdown {
  private readonly worker = randomUUID();
  private readonly startedAt = performance.now();
  private timer: NodeJS.Timeout | undefined;
  private read = false;
  private waited = false;
  private ended = false;

  constructor(
    @Inject(COMPANY_BOOK) private readonly book: CompanyBook,
    private readonly companies: Companies,
    private readonly pauses: Pauses,
    private readonly logger: AppLogger,
  ) {
    void this.look();
  }

  async onApplicationShutdown(): Promise<void> {
    this.ended = true;
    clearTimeout(this.timer);
    await this.book.leave(this.worker).catch((error: Error) => this.note(error));
  }

  private async look(): Promise<void> {
    try {
      this.pauses.learn(await this.book.report(this.worker, this.companies.breakers()));
      this.read = true;
    } catch (error) {
      this.note(error as Error);
      this.stopWaiting();
    }
    if (this.ended) return;
    this.timer = setTimeout(() => void this.look(), this.read ? LOOK_EVERY_MS : TRY_EVERY_MS).unref();
  }

  private stopWaiting(): void {
    if (this.read || this.waited || performance.now() - this.startedAt < PATIENCE_MS) return;
    this.waited = true;
    this.pauses.learn(new Map());
    this.logger.error('which companies are paused cannot be read: texts go to all of them');
  }

  private note({ message }: Error): void {
    this.logger.debug({ reason: message }, 'the book of companies does not answer');
  }
}
