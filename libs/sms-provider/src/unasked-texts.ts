import { Injectable } from '@nestjs/common';
import { retry, type HandlerResult } from '@app/common';
import type { ProviderRejection } from './conclusion.js';
import type { LedgerAnswer } from './delivery-ledger.js';
import { Endings, type SendEvent } from './endings.js';
import { HeldLedger } from './held-ledger.js';
import { processEnds } from './hold.js';
import { Receipts } from './receipts/receipts.js';
import type { Granted } from './requests.js';

/** Texts that no company is asked for, now or any more. What is known of them comes first: a company may have them since before. */
@Injectable()
export class UnaskedTexts {
  constructor(
    private readonly ledger: HeldLedger,
    private readonly endings: Endings,
    private readonly receipts: Receipts,
  ) {}

  /** It is never asked for again; `unsent` is how it ends that no company has. */
  async unlessKnown(about: SendEvent, unsent: (rejectedBy?: string) => Promise<HandlerResult>): Promise<HandlerResult> {
    const known = await this.ledger.find(about.message.messageId);
    if (known === undefined) return processEnds();
    if (known === 'reserved') return retry('another worker is sending it', this.ledger.leaseMs);
    if (known === 'abandoned') return this.giveUp(about, 'worker-died');
    if (known === 'unseen') return unsent();
    return known.state === 'rejected' ? unsent(known.provider) : this.endings.again(about, known);
  }

  /** Nobody may be asked at this moment, or nobody is there: `rejections` say why, for a text that no company has. */
  async forNow(
    event: SendEvent,
    rejections: readonly ProviderRejection[],
    { code, forMs }: { code: string; forMs?: number } = rejections[0]!,
  ): Promise<HandlerResult> {
    const known = await this.ledger.find(event.message.messageId);
    if (known === undefined) return processEnds();
    if (known === 'reserved') return retry('another worker is sending it', this.ledger.leaseMs);
    if (known === 'abandoned') return this.endings.repeatLater(event, 'worker-died', undefined, forMs);
    if (known !== 'unseen' && known.state !== 'rejected') {
      if (known.askAgain) return this.endings.repeatLater(event, code, known.provider, forMs);
      return this.endings.again(event, known);
    }
    return this.endings.rejected(event, rejections);
  }

  /** Somebody may have asked, and asking again might send a second text. */
  async holdBack({ provider, n, token }: Granted, about: SendEvent, errorCode: string): Promise<HandlerResult> {
    const unknown = { state: 'unknown', provider, n, errorCode } as const;
    if (!(await this.ledger.note(about.message.messageId, unknown, token))) return this.overtaken(about);
    return this.leaveUnknown(about, unknown);
  }

  /** Whoever asked died, and nobody asks again. */
  async giveUp(about: SendEvent, errorCode: 'worker-died' | 'poison'): Promise<HandlerResult> {
    const unknown = await this.ledger.giveUp(about.message.messageId, errorCode);
    if (!unknown) return retry('another worker is sending it', this.ledger.leaseMs);
    return this.leaveUnknown(about, unknown);
  }

  /** Unknown without an answer: receipts find it all the same, and one that has come already says that the company has it. */
  private async leaveUnknown(about: SendEvent, unknown: LedgerAnswer): Promise<HandlerResult> {
    const { provider, n, errorCode } = unknown;
    const words = await this.receipts.noteAnswer(about, unknown);
    if (words.length > 0) {
      const accepted: LedgerAnswer = { state: 'accepted', provider, n };
      await this.ledger.note(about.message.messageId, accepted);
      return this.endings.accepted(about, accepted, words, false);
    }
    if (errorCode === 'poison') return this.endings.poison(about, provider);
    return this.endings.unknown(about, errorCode!, provider);
  }

  /** Its lease was over before its answer came: what became of the message, whoever has it now will say. */
  async overtaken(about: SendEvent): Promise<HandlerResult> {
    const known = await this.ledger.find(about.message.messageId);
    if (typeof known === 'object' && known.state === 'accepted') return this.endings.again(about, known);
    return retry('another worker is sending it', this.ledger.leaseMs);
  }
}
