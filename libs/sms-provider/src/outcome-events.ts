import { Injectable } from '@nestjs/common';
import {
  EventPublisher,
  SmsAccepted,
  SmsRejected,
  SmsUnknown,
  type Delivery,
  type SmsOutcome,
  type SmsSend,
} from '@app/common';
import type { ProviderRejection } from './conclusion.js';
import type { LedgerAnswer } from './delivery-ledger.js';
import { Hold } from './hold.js';

/** The event that an outcome is about. */
export interface TextEvent {
  readonly message: Pick<SmsSend, 'messageId' | 'verificationId'>;
  readonly delivery: Delivery;
}

/** What is told of it. */
export type OutcomeFacts = Omit<SmsOutcome, 'messageId' | 'verificationId' | 'attempt' | 'at'>;

/**
 * Tells everybody what became of a text. Resolves when the broker has the event; until then the delivery is held. That
 * nobody listens (`returned`) is no reason to hold a text: it counts as told, and shows in the metrics.
 */
@Injectable()
export class OutcomeEvents {
  constructor(
    private readonly publisher: EventPublisher,
    private readonly hold: Hold,
  ) {}

  async tell(Outcome: new () => SmsOutcome, { message, delivery }: TextEvent, facts: OutcomeFacts): Promise<void> {
    const { messageId, verificationId } = message;
    const event = Object.assign(new Outcome(), {
      messageId,
      ...(verificationId === undefined ? {} : { verificationId }),
      attempt: delivery.attempt,
      at: new Date().toISOString(),
      ...facts,
    });
    await this.hold.untilTrue(async () => {
      const outcome = await this.publisher.publish(event, { messageId, traceparent: delivery.traceparent });
      return outcome === 'confirmed' || outcome === 'returned';
    });
  }

  rejected(
    about: TextEvent,
    rejection: ProviderRejection,
    facts: Pick<OutcomeFacts, 'final' | 'nextAttemptAt'>,
  ): Promise<void> {
    const { provider, class: errorClass, scope: errorScope, code: errorCode } = rejection;
    return this.tell(SmsRejected, about, { provider, errorClass, errorScope, errorCode, ...facts });
  }

  /** What the ledger has known for a while. */
  again(about: TextEvent, { state, provider, ...answer }: LedgerAnswer): Promise<void> {
    const { providerMessageId, errorClass, errorScope, errorCode } = answer;
    const known = { providerMessageId, errorClass, errorScope, errorCode };
    const facts = Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
    return this.tell(state === 'accepted' ? SmsAccepted : SmsUnknown, about, { provider, final: true, ...facts });
  }
}
