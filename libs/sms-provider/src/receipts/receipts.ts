import {
  done,
  Metrics,
  SmsDelivered,
  SmsUndelivered,
  type Delivery,
  type HandlerResult,
  type SmsReceipt,
} from '@app/common';
import { Inject, Injectable } from '@nestjs/common';
import type { LedgerAnswer } from '../delivery-ledger.js';
import { HeldLedger } from '../held-ledger.js';
import { Hold, processEnds } from '../hold.js';
import { OutcomeEvents, type TextEvent } from '../outcome-events.js';
import { referenceOf } from '../reference.js';
import { ExpectedReceipts, type Asked } from './expected-receipts.js';
import { idsOf, RECEIPT_BOOK, type ReceiptBook, type ReceiptWord, type SentText } from './receipt-book.js';

/**
 * What companies say later.
 *
 * 1. An answer that is noted in the ledger is noted here too, under the company's id, else under our reference.
 * 2. A receipt finds its text by either, and is told as `sms.delivered` or `sms.undelivered`.
 * 3. One that comes too early is kept, and told when its text is noted. One of a text nobody knows is forgotten.
 * 4. One that does not come is missed: `MissingReceipts`.
 *
 * Told twice is told once: whoever listens knows an outcome that it has had.
 */
@Injectable()
export class Receipts {
  private readonly taken;

  constructor(
    @Inject(RECEIPT_BOOK) private readonly book: ReceiptBook,
    private readonly expected: ExpectedReceipts,
    private readonly ledger: HeldLedger,
    private readonly outcomes: OutcomeEvents,
    private readonly hold: Hold,
    metrics: Metrics,
  ) {
    this.taken = metrics.counter(
      'otpost_sms_receipts_total',
      'Receipts of companies: matched with their text, kept because it is not known (yet), or dropped because too many are.',
      ['provider', 'status', 'result'],
    );
  }

  /**
   * Beside the ledger, in the same round trip. Gives what companies have said before. `asked`: where they have said nothing,
   * a receipt is expected from now on. `known`: its outcome was unknown before, and a query has said this of it.
   */
  async noteAnswer(
    about: TextEvent,
    answer: LedgerAnswer,
    asked?: Asked,
    known?: readonly ReceiptWord[],
  ): Promise<readonly ReceiptWord[]> {
    const { state, provider, n, providerMessageId } = answer;
    if (state === 'rejected') return [];
    const { messageId, verificationId } = about.message;
    const [id] = idsOf(provider, { providerMessageId, reference: referenceOf(messageId, n) }) as [string];
    const text: SentText = {
      messageId,
      ...(verificationId === undefined ? {} : { verificationId }),
      attempt: about.delivery.attempt,
      provider,
      n,
      ...(state === 'unknown' ? { unknown: true } : {}),
    };
    return this.hold.untilDone(async () => {
      // Expected before it is noted: a receipt that comes in between finds both.
      const expecting = asked && this.expected.expect(text, providerMessageId, asked);
      const [words] = await Promise.all([this.book.note(id, text), expecting]);
      const said = words.length > 0 ? words : (known ?? []);
      const over = said.length > 0 || (known && !this.expected.tells(provider));
      if (asked && over) await this.expected.forget(messageId);
      return said;
    });
  }

  /** After the outcome itself has been told. */
  async tell(
    about: TextEvent,
    { provider, providerMessageId }: LedgerAnswer,
    words: readonly ReceiptWord[],
  ): Promise<void> {
    for (const { status, errorCode } of words) {
      await this.outcomes.tell(status === 'delivered' ? SmsDelivered : SmsUndelivered, about, {
        provider,
        final: true,
        ...(providerMessageId === undefined ? {} : { providerMessageId }),
        ...(errorCode === undefined ? {} : { errorCode }),
      });
    }
  }

  async take(receipt: SmsReceipt, { traceparent }: Delivery): Promise<HandlerResult> {
    const { provider, status, errorCode, providerMessageId } = receipt;
    const word: ReceiptWord = { status, ...(errorCode === undefined ? {} : { errorCode }) };
    const found = await this.hold.untilBegun(() => this.book.match(idsOf(provider, receipt), word));
    if (found === undefined) return processEnds();
    this.taken.inc({ provider, status, result: typeof found === 'string' ? found : 'matched' });
    if (typeof found === 'string') return done();
    const { n, attempt, unknown } = found;
    const answer: LedgerAnswer = {
      state: 'accepted',
      provider,
      n,
      ...(providerMessageId === undefined ? {} : { providerMessageId }),
    };
    if (unknown) await this.ledger.note(found.messageId, answer);
    await this.hold.untilDone(() => this.expected.forget(found.messageId));
    await this.tell({ message: found, delivery: { attempt, deferrals: 0, traceparent } }, answer, [word]);
    return done();
  }
}
