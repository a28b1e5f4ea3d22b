import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Outbox } from './outbox.js';

const BATCH_MS = 100;
/** Redis is away: nothing new is confirmed meanwhile. */
const AGAIN_MS = 1000;

/**
 * Takes texts that the broker has out of the outbox, a batch at a time and in nobody's way. What a process leaves behind
 * is published once more by another one, and recognised by its messageId.
 */
@Injectable()
export class ConfirmedTexts implements OnApplicationShutdown {
  private readonly byTag = new Map<string, string[]>();
  private timer: NodeJS.Timeout | undefined;

  constructor(@Inject(Outbox) private readonly outbox: Outbox) {}

  add(tag: string, messageId: string): void {
    const messageIds = this.byTag.get(tag);
    if (messageIds) messageIds.push(messageId);
    else this.byTag.set(tag, [messageId]);
    this.removeAfter(BATCH_MS);
  }

  /** The requests under way have ended by now, and the store is still there. */
  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    await this.remove();
  }

  private removeAfter(ms: number): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.remove();
    }, ms).unref();
  }

  private async remove(): Promise<void> {
    const batch = [...this.byTag];
    this.byTag.clear();
    await Promise.all(batch.map(([tag, messageIds]) => this.removeFrom(tag, messageIds)));
  }

  private async removeFrom(tag: string, messageIds: readonly string[]): Promise<void> {
    try {
      await this.outbox.remove(tag, messageIds);
    } catch {
      this.byTag.set(tag, [...(this.byTag.get(tag) ?? []), ...messageIds]);
      this.removeAfter(AGAIN_MS);
    }
  }
}
