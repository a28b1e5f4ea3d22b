import { AppLogger, Metrics, Readiness } from '@app/common';
import { Injectable } from '@nestjs/common';
import { OutboxSettings } from './outbox.config.js';
import type { OutboxView } from './outbox.js';

/** Tells operators how the outbox is: metrics, readiness, one log line when texts begin to wait and one when none waits any more. */
@Injectable()
export class OutboxWatch {
  private readonly entries;
  private readonly oldest;
  private readonly relays;
  private used: { readonly since: number; relayed: number } | undefined;
  /** When the text that was left last is due: before that the outbox only looks empty. */
  private latestDueAt = 0;
  private full = false;

  constructor(
    private readonly settings: OutboxSettings,
    private readonly logger: AppLogger,
    metrics: Metrics,
    readiness: Readiness,
  ) {
    this.entries = metrics.gauge(
      'otpost_outbox_entries',
      'Texts that wait in the outbox for the broker, of all gateways, as this one saw it within the last second or so.',
    );
    this.oldest = metrics.gauge('otpost_outbox_oldest_seconds', 'How long the oldest of them has been waiting.');
    this.relays = metrics.counter(
      'otpost_outbox_relayed_total',
      'Publishes out of the outbox: expired, where its code had died, else what the broker said.',
      ['outcome'],
    );
    readiness.add('outbox', () => (this.full ? 'full' : undefined));
  }

  /** A text waits for the relay, and why. */
  left(reason: string, dueAt: number): void {
    this.latestDueAt = Math.max(this.latestDueAt, dueAt);
    this.begin(reason);
  }

  relayed(outcome: string, gone: boolean): void {
    this.relays.inc({ outcome });
    if (gone && this.used) this.used.relayed++;
  }

  seen(views: readonly OutboxView[], now: Date): void {
    const due = views.reduce((sum, view) => sum + view.due, 0);
    const oldestDueAt = Math.min(now.getTime(), ...views.map((view) => view.oldestDueAt ?? Infinity));
    this.entries.set(due);
    this.oldest.set((now.getTime() - oldestDueAt) / 1000);
    this.full = views.reduce((sum, view) => sum + view.entries, 0) >= this.settings.max;
    if (due > 0) this.begin('left by another process');
    else if (now.getTime() > this.latestDueAt) this.end();
  }

  private begin(reason: string): void {
    if (this.used) return;
    this.used = { since: Date.now(), relayed: 0 };
    this.logger.warn({ reason }, 'texts wait in the outbox');
  }

  private end(): void {
    if (!this.used) return;
    const { since, relayed } = this.used;
    this.used = undefined;
    this.logger.warn({ relayed, seconds: Math.round((Date.now() - since) / 1000) }, 'the outbox is empty again');
  }
}
