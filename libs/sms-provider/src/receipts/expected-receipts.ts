import { Inject, Injectable } from '@nestjs/common';
import { Metrics, Sealer } from '@app/common';
import { SmsSettings } from '../sms.config.js';
import { DUE_RECEIPTS, type DueReceipts } from './due-receipts.js';
import type { SentText } from './receipt-book.js';

/** How a company was asked for a text. */
export interface Asked {
  /** E.164. */
  readonly to: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The company answers status queries. */
  readonly canQuery: boolean;
}

/** Where an outcome is unknown, the company is asked again after this: its list may be late. */
const SETTLE_AFTER_MS = 60_000;

/**
 * Which texts are looked after: those of companies whose receipts the gateway takes, until the company's window is over; and
 * those whose outcome is unknown, sooner, where the company can be asked.
 */
@Injectable()
export class ExpectedReceipts {
  private readonly unwatched;

  constructor(
    @Inject(DUE_RECEIPTS) private readonly due: DueReceipts,
    private readonly sealer: Sealer,
    private readonly settings: SmsSettings,
    metrics: Metrics,
  ) {
    this.unwatched = metrics.counter(
      'otpost_sms_receipts_unwatched_total',
      'Texts whose receipt nobody waits for, since too many are waited for already.',
      ['provider'],
    );
  }

  get windowMs(): number {
    return this.settings.receiptWindowSeconds * 1000;
  }

  tells(provider: string): boolean {
    return this.settings.receiptProviders.includes(provider);
  }

  async expect(text: SentText, providerMessageId: string | undefined, { to, at, canQuery }: Asked): Promise<void> {
    const { messageId, provider } = text;
    const soon = text.unknown === true && canQuery;
    if (!soon && !this.tells(provider)) return;
    const expected = {
      text,
      askedAt: at,
      last: !soon || !this.tells(provider),
      ...(providerMessageId !== undefined && { providerMessageId }),
      ...(canQuery && { to: this.sealer.seal(to, { messageId, field: 'to' }) }),
    };
    const afterMs = soon ? Math.min(SETTLE_AFTER_MS, this.windowMs) : this.windowMs;
    if ((await this.due.add(expected, afterMs)) === 'full') this.unwatched.inc({ provider });
  }

  forget(messageId: string): Promise<void> {
    return this.due.remove(messageId);
  }
}
