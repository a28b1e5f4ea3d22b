import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import {
  AppLogger,
  Metrics,
  RedisUnavailableError,
  Sealer,
  SmsAccepted,
  SmsUnknown,
  UnsealableError,
} from '@app/common';
import { settledBy } from '../consequence.js';
import type { LedgerAnswer } from '../delivery-ledger.js';
import { HeldLedger } from '../held-ledger.js';
import { OutcomeEvents, type TextEvent } from '../outcome-events.js';
import { referenceOf } from '../reference.js';
import { SmsSettings } from '../sms.config.js';
import type { QueryAnswer } from '../sms-provider.js';
import { SmsRoutes } from '../sms-route.js';
import { CLOCK_TOLERANCE_MS, StatusQueries, wordsIn } from '../status-queries.js';
import { DUE_RECEIPTS, type DueReceipts, type ExpectedReceipt } from './due-receipts.js';
import { ExpectedReceipts } from './expected-receipts.js';
import { Receipts } from './receipts.js';

const LOOK_EVERY_MS = 1000;
/** As many are looked after at once in one worker. */
const BATCH = 20;
/** A worker that has not settled a text within this is dead; another one looks after it. */
const LEASE_MS = 60_000;

/**
 * S38: accepted is not delivered.
 *
 * 1. A text is due when its company's window is over (`SMS_RECEIPT_WINDOW_SECONDS`), or a minute after an unknown outcome.
 * 2. The company is asked once, where it can be. What it says counts as its receipt; that it has a text settles an unknown one.
 * 3. Without a word at the end of the window the receipt is missing: counted, logged, told as `sms.unknown` with
 *    `receipt-missing`. A receipt that comes after that is told all the same.
 *
 * Any worker looks after any text, one at a time: what a worker dies of is due again after LEASE_MS, and may be told twice.
 */
@Injectable()
export class MissingReceipts implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private ending = false;
  private readonly missing;

  constructor(
    @Inject(DUE_RECEIPTS) private readonly due: DueReceipts,
    private readonly expected: ExpectedReceipts,
    private readonly receipts: Receipts,
    private readonly queries: StatusQueries,
    private readonly ledger: HeldLedger,
    private readonly outcomes: OutcomeEvents,
    private readonly routes: SmsRoutes,
    private readonly sealer: Sealer,
    private readonly settings: SmsSettings,
    private readonly logger: AppLogger,
    metrics: Metrics,
  ) {
    this.missing = metrics.counter(
      'otpost_sms_receipts_missing_total',
      'Texts without a receipt at the end of SMS_RECEIPT_WINDOW_SECONDS.',
      ['provider'],
    );
  }

  onApplicationBootstrap(): void {
    this.lookIn(LOOK_EVERY_MS);
  }

  /** What is under way is not waited for: it is due again. */
  beforeApplicationShutdown(): void {
    this.ending = true;
    clearTimeout(this.timer);
  }

  private lookIn(ms: number): void {
    if (this.ending) return;
    this.timer = setTimeout(() => {
      void this.look().then((more) => this.lookIn(more ? 0 : LOOK_EVERY_MS));
    }, ms).unref();
  }

  /** Whether there may be more. Never rejects. */
  private async look(): Promise<boolean> {
    try {
      const due = await this.due.take(BATCH, LEASE_MS);
      await Promise.all(due.map((one) => this.settle(one)));
      return due.length === BATCH;
    } catch (error) {
      const reason = (error as Error).message;
      if (error instanceof RedisUnavailableError)
        this.logger.debug({ reason }, 'due receipts could not be looked after');
      else if (!this.ending) this.logger.error({ reason }, 'due receipts could not be looked after');
      return false;
    }
  }

  private async settle(due: ExpectedReceipt): Promise<void> {
    const { text, last } = due;
    const { messageId, provider } = text;
    const answer = await this.ask(due);
    const about: TextEvent = { message: text, delivery: { attempt: text.attempt, deferrals: 0 } };
    const known = this.answerOf(due, answer);
    const settled = settledBy(answer) !== undefined;
    const said = settled ? await this.receipts.noteAnswer(about, known) : [];
    if (settled && text.unknown) await this.tellAccepted(about, known);
    const words = said.length > 0 ? said : wordsIn(answer);
    await this.receipts.tell(about, known, words);
    if (words.length === 0 && !last) {
      const { providerMessageId: id } = known;
      const next = {
        ...due,
        ...(settled && { text: { ...text, unknown: false } }),
        ...(id && { providerMessageId: id }),
      };
      return this.due.postpone({ ...next, last: true }, due.askedAt + this.expected.windowMs - Date.now());
    }
    if (words.length === 0 && this.expected.tells(provider)) await this.tellMissing(about, due);
    await this.due.remove(messageId);
  }

  private async ask({ text, providerMessageId, to, askedAt }: ExpectedReceipt): Promise<QueryAnswer> {
    const { messageId, provider, n } = text;
    const company = this.routes.company(provider);
    if (!company?.query || to === undefined) return { kind: 'failed', code: 'no-query' };
    const number = this.opened(to, messageId);
    if (number === undefined) return { kind: 'failed', code: 'unsealable' };
    return this.queries.ask(company, {
      to: number,
      reference: referenceOf(messageId, n),
      ...(providerMessageId !== undefined && { providerMessageId }),
      notBefore: new Date(askedAt - CLOCK_TOLERANCE_MS),
      notAfter: new Date(askedAt + this.settings.sendTimeoutSeconds * 1000 + CLOCK_TOLERANCE_MS),
    });
  }

  /** Undefined where its key has been taken out of SEALING_KEYS meanwhile. */
  private opened(to: string, messageId: string): string | undefined {
    try {
      return this.sealer.open(to, { messageId, field: 'to' });
    } catch (error) {
      if (error instanceof UnsealableError) return undefined;
      throw error;
    }
  }

  private answerOf({ text: { provider, n }, providerMessageId }: ExpectedReceipt, answer: QueryAnswer): LedgerAnswer {
    const id = settledBy(answer)?.providerMessageId ?? providerMessageId;
    return { state: 'accepted', provider, n, ...(id !== undefined && { providerMessageId: id }) };
  }

  private async tellAccepted(about: TextEvent, known: LedgerAnswer): Promise<void> {
    const { provider, providerMessageId } = known;
    await this.ledger.note(about.message.messageId, known);
    const id = providerMessageId === undefined ? {} : { providerMessageId };
    await this.outcomes.tell(SmsAccepted, about, { provider, final: true, ...id });
  }

  private async tellMissing(about: TextEvent, { text, providerMessageId }: ExpectedReceipt): Promise<void> {
    const { messageId, provider } = text;
    this.missing.inc({ provider });
    this.logger.warn({ messageId, provider }, 'no receipt came for a text');
    const id = providerMessageId === undefined ? {} : { providerMessageId };
    await this.outcomes.tell(SmsUnknown, about, { provider, final: true, errorCode: 'receipt-missing', ...id });
  }
}
