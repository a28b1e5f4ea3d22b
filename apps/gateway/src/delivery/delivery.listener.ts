import {
  done,
  Handles,
  patternOf,
  SmsAccepted,
  SmsDelivered,
  SmsExpired,
  SmsRejected,
  SmsUndelivered,
  SmsUnknown,
  type Contract,
  type HandlerResult,
  type SmsOutcome,
} from '@app/common';
import { Controller, Inject } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { isVerificationId } from '../verification/verification-id.js';
import { VerificationStore } from '../verification/verification-store.js';
import type { Outcome } from './send.js';

/** Name of the retry policy, and of the lane that the six outcomes share. */
export const OUTCOMES = 'outcomes';
const LANE = { lane: OUTCOMES };

/** Writes on a verification's timeline what became of its texts. Outcomes of texts that are not ours are nothing to us. */
@Controller()
export class DeliveryListener {
  constructor(@Inject(VerificationStore) private readonly store: VerificationStore) {}

  @Handles(SmsAccepted, OUTCOMES, LANE)
  accepted(@Payload() event: SmsAccepted): Promise<HandlerResult> {
    return this.note(event);
  }

  @Handles(SmsRejected, OUTCOMES, LANE)
  rejected(@Payload() event: SmsRejected): Promise<HandlerResult> {
    return this.note(event);
  }

  @Handles(SmsUnknown, OUTCOMES, LANE)
  unknown(@Payload() event: SmsUnknown): Promise<HandlerResult> {
    return this.note(event);
  }

  @Handles(SmsExpired, OUTCOMES, LANE)
  expired(@Payload() event: SmsExpired): Promise<HandlerResult> {
    return this.note(event);
  }

  @Handles(SmsDelivered, OUTCOMES, LANE)
  delivered(@Payload() event: SmsDelivered): Promise<HandlerResult> {
    return this.note(event);
  }

  @Handles(SmsUndelivered, OUTCOMES, LANE)
  undelivered(@Payload() event: SmsUndelivered): Promise<HandlerResult> {
    return this.note(event);
  }

  /** Noting is idempotent, so a repeated event needs no memory of its own. */
  private async note(event: SmsOutcome): Promise<HandlerResult> {
    const { verificationId } = event;
    if (verificationId !== undefined && isVerificationId(verificationId)) {
      const now = new Date();
      await this.store.noteOutcome(verificationId, outcomeOf(event, now), now);
    }
    return done();
  }
}

const outcomeOf = (event: SmsOutcome, now: Date): Outcome => ({
  at: millisecondsOf(event.at) ?? now.getTime(),
  event: patternOf(event.constructor as Contract),
  messageId: event.messageId,
  attempt: event.attempt,
  provider: event.provider,
  final: event.final,
  nextAttemptAt: millisecondsOf(event.nextAttemptAt),
  providerMessageId: event.providerMessageId,
  errorClass: event.errorClass,
  errorScope: event.errorScope,
  errorCode: event.errorCode,
  maybeDuplicate: event.maybeDuplicate,
});

/** Undefined for the forms of ISO 8601 that JavaScript does not read, such as week dates. */
function millisecondsOf(text?: string): number | undefined {
  const milliseconds = Date.parse(text ?? '');
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}
