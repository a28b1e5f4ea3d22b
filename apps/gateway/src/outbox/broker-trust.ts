import type { PublishOutcome } from '@app/common';
import { Injectable } from '@nestjs/common';

/**
 * Whether requests publish by themselves. One publish that the broker did not answer in time is enough: from then on
 * texts wait for the relay, until the broker confirms one. So a silent broker holds a request at most for the publish
 * timeout, and only those that came before the first timeout.
 */
@Injectable()
export class BrokerTrust {
  private doubt = false;
  private readonly waiting = new Set<(outcome: PublishOutcome) => void>();

  get inDoubt(): boolean {
    return this.doubt;
  }

  /** What became of any publish. */
  heard(outcome: PublishOutcome): void {
    if (outcome === 'confirmed') this.doubt = false;
    if (outcome !== 'timed-out') return;
    this.doubt = true;
    for (const giveUp of [...this.waiting]) giveUp(outcome);
  }

  /** The outcome of this publish, or `timed-out` as soon as another one has timed out. */
  untilDoubt(publish: Promise<PublishOutcome>): Promise<PublishOutcome> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: PublishOutcome) => {
        this.waiting.delete(settle);
        resolve(outcome);
      };
      this.waiting.add(settle);
      publish.then(settle, (error: Error) => {
        this.waiting.delete(settle);
        reject(error);
      });
    });
  }
}
