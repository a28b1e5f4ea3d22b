import { Injectable } from '@nestjs/common';
import { EventPublisher, type Delivery, type SmsOutcome, type SmsSend } from '@app/common';

/** Which outcome, and what is told of it. */
export type OutcomeFacts = Omit<SmsOutcome, 'messageId' | 'verificationId' | 'attempt' | 'at'>;

/** Tells everybody what became of a text. */
@Injectable()
export class OutcomeEvents {
  constructor(private readonly publisher: EventPublisher) {}

  /**
   * Resolves to whether the broker has the event. That nobody listens (`returned`) is no reason to hold a text back: it
   * counts as told, and shows in the metrics.
   */
  async tell(
    Outcome: new () => SmsOutcome,
    message: SmsSend,
    delivery: Delivery,
    facts: OutcomeFacts,
  ): Promise<boolean> {
    const event = Object.assign(new Outcome(), {
      messageId: message.messageId,
      ...(message.verificationId === undefined ? {} : { verificationId: message.verificationId }),
      attempt: delivery.attempt,
      at: new Date().toISOString(),
      ...facts,
    });
    const outcome = await this.publisher.publish(event, {
      messageId: message.messageId,
      traceparent: delivery.traceparent,
    });
    return outcome === 'confirmed' || outcome === 'returned';
  }
}
