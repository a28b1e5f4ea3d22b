import { Inject, Injectable } from '@nestjs/common';
import type { SmsSend } from '@app/common';
import { randomUUID } from 'node:crypto';
import {
  DELIVERY_LEDGER,
  type Beside,
  type DeliveryLedger,
  type LedgerAnswer,
  type Reservation,
} from './delivery-ledger.js';
import { isExpired } from './expired.js';
import { Hold } from './hold.js';
import { leaseSeconds, SmsSettings } from './sms.config.js';
import type { SendOutcome, SmsProvider } from './sms-provider.js';

/** The ledger for a sender: while Redis is away its steps are held, not failed. */
@Injectable()
export class HeldLedger {
  constructor(
    @Inject(DELIVERY_LEDGER) private readonly ledger: DeliveryLedger,
    private readonly hold: Hold,
    private readonly settings: SmsSettings,
  ) {}

  get leaseMs(): number {
    return leaseSeconds(this.settings) * 1000;
  }

  /**
   * `expired`: the code died while Redis was away. Undefined: the process ends. Redis may do what it does not answer in
   * time: one token for all tries, so that this call does not meet its own reservation as somebody else's.
   */
  reserve(message: SmsSend, { name }: SmsProvider, beside: Beside): Promise<Reservation | 'expired' | undefined> {
    const options = { leaseMs: this.leaseMs, beside, token: randomUUID() };
    return this.hold.untilBegun(async () => {
      if (isExpired(message, new Date())) return 'expired';
      return this.ledger.reserve(message.messageId, name, options);
    });
  }

  /** What is known of a message, or `unseen`. Undefined: the process ends. */
  find(messageId: string): Promise<LedgerAnswer | 'reserved' | 'abandoned' | 'unseen' | undefined> {
    return this.hold.untilBegun(async () => (await this.ledger.find(messageId)) ?? 'unseen');
  }

  /** An answer that is known is kept in this process until it can be noted. False: see `settle`. */
  note(messageId: string, answer: LedgerAnswer, token?: string): Promise<boolean> {
    return this.hold.untilDone(() => this.ledger.settle(messageId, answer, token));
  }

  /** See `giveUp` of the ledger. */
  giveUp(messageId: string, errorCode: string): Promise<LedgerAnswer | undefined> {
    return this.hold.untilDone(() => this.ledger.giveUp(messageId, errorCode));
  }
}

/** What the ledger keeps of a company's answer to the n-th request. */
export function answerOf({ name, capabilities }: SmsProvider, n: number, outcome: SendOutcome): LedgerAnswer {
  const asked = { provider: name, n };
  switch (outcome.kind) {
    case 'accepted': {
      const { providerMessageId } = outcome;
      return { ...asked, state: 'accepted', ...(providerMessageId === undefined ? {} : { providerMessageId }) };
    }
    case 'unknown':
      return { ...asked, state: 'unknown', askAgain: capabilities.guardsDuplicates, errorCode: outcome.code };
    case 'rejected': {
      const { class: errorClass, scope: errorScope, code: errorCode } = outcome;
      return { ...asked, state: 'rejected', errorClass, errorScope, errorCode };
    }
  }
}
