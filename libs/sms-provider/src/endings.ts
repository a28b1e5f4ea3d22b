import { Injectable } from '@nestjs/common';
import {
  dead,
  done,
  Metrics,
  park,
  RetryPolicies,
  SmsAccepted,
  SmsExpired,
  SmsRejected,
  SmsUnknown,
  type HandlerResult,
  type SmsSend,
} from '@app/common';
import { conclude, describe, planRetry, type Circumstances, type ProviderRejection } from './conclusion.js';
import type { LedgerAnswer } from './delivery-ledger.js';
import { OutcomeEvents, type OutcomeFacts, type TextEvent } from './outcome-events.js';
import type { ReceiptWord } from './receipts/receipt-book.js';
import { Receipts } from './receipts/receipts.js';
import { SMS_POLICY } from './sms.config.js';

/** Nobody was asked. */
export const NONE = 'none';

/** The event of one text as it was delivered. */
export interface SendEvent extends TextEvent {
  readonly message: SmsSend;
}

/** How the delivery of a text ends: what everybody is told, and then what becomes of its event. */
@Injectable()
export class Endings {
  private readonly tooLate;

  constructor(
    private readonly outcomes: OutcomeEvents,
    private readonly receipts: Receipts,
    private readonly policies: RetryPolicies,
    metrics: Metrics,
  ) {
    this.tooLate = metrics.counter('otpost_sms_expired_total', 'Texts not sent because their code had died.');
  }

  /** `words`: what companies said of it before they answered. */
  async accepted(
    about: TextEvent,
    answer: LedgerAnswer,
    words: readonly ReceiptWord[],
    maybeDuplicate: boolean,
  ): Promise<HandlerResult> {
    const { provider, providerMessageId } = answer;
    await this.outcomes.tell(SmsAccepted, about, {
      provider,
      final: true,
      ...(providerMessageId === undefined ? {} : { providerMessageId }),
      ...(maybeDuplicate ? { maybeDuplicate } : {}),
    });
    await this.receipts.tell(about, answer, words);
    return done();
  }

  /** What the ledger has known for a while. */
  async again(about: TextEvent, answer: LedgerAnswer): Promise<HandlerResult> {
    await this.outcomes.again(about, answer);
    await this.receipts.tell(about, answer, await this.receipts.noteAnswer(about, answer));
    return done();
  }

  /** The company may have it, and it is not asked again. */
  async unknown(about: TextEvent, errorCode: string, provider: string = NONE): Promise<HandlerResult> {
    await this.outcomes.tell(SmsUnknown, about, { provider, errorCode, final: true });
    return done();
  }

  /** A request whose outcome is unknown, and which may be made again; `afterMs` is how long its company is shut. */
  async repeatLater(event: SendEvent, errorCode: string, provider = NONE, afterMs?: number): Promise<HandlerResult> {
    const plan = planRetry(`${provider} ${errorCode} (unknown)`, this.circumstances(event), afterMs);
    if (plan.kind !== 'retry') return this.unknown(event, errorCode, provider);
    const next = { final: false, nextAttemptAt: plan.nextAttemptAt.toISOString() };
    await this.outcomes.tell(SmsUnknown, event, { provider, errorCode, ...next });
    return plan.result;
  }

  /** Every company has rejected it, or may not be asked. */
  async rejected(event: SendEvent, rejections: readonly ProviderRejection[]): Promise<HandlerResult> {
    const plan = conclude(rejections, this.circumstances(event));
    const last = rejections.at(-1)!;
    switch (plan.kind) {
      case 'retry':
        await this.tellRejected(event, last, { final: false, nextAttemptAt: plan.nextAttemptAt.toISOString() });
        return plan.result;
      case 'over':
        await this.tellRejected(event, last, { final: true });
        return dead(rejections.map(describe).join(', '), { errorClass: last.class, provider: last.provider });
      case 'too-late':
        await this.tellRejected(event, last, { final: false });
        return this.expired(event, last.provider);
    }
  }

  /** One company has; the next is asked. */
  tellRejected(
    about: TextEvent,
    rejection: ProviderRejection,
    facts: Pick<OutcomeFacts, 'final' | 'nextAttemptAt'>,
  ): Promise<void> {
    return this.outcomes.rejected(about, rejection, facts);
  }

  async expired(about: TextEvent, provider: string = NONE): Promise<HandlerResult> {
    this.tooLate.inc();
    await this.outcomes.tell(SmsExpired, about, { provider, final: true });
    return done();
  }

  async nobodyCarries(about: TextEvent): Promise<HandlerResult> {
    const facts = { errorClass: 'PERMANENT', errorScope: 'region', errorCode: 'no-route' };
    await this.outcomes.tell(SmsRejected, about, { provider: NONE, final: true, ...facts });
    return dead('no company on the route can carry it', { errorClass: 'PERMANENT' });
  }

  /** Three workers have died of this message alone. */
  async poison(about: TextEvent, provider: string): Promise<HandlerResult> {
    await this.unknown(about, 'poison', provider);
    return park('poison: the workers that handled it died');
  }

  private circumstances({ message, delivery }: SendEvent): Circumstances {
    return { policy: this.policies.of(SMS_POLICY), delivery, expiresAt: new Date(message.expiresAt), now: new Date() };
  }
}
