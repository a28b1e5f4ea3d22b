import { Injectable } from '@nestjs/common';
import type { Fault } from './faults/fault.js';
import { USUAL_RECEIPT_DELAY_MS } from './receipts/receipt-sender.js';

/** A text as its company keeps it for whoever asks. */
export interface TextRecord {
  readonly company: string;
  readonly to: string;
  /** The company's own id, as the lab made it. */
  readonly id: string;
  readonly reference?: string | undefined;
  readonly text: string;
  readonly templateId: string;
  readonly at: Date;
}

export interface KeptText extends TextRecord {
  readonly status: 'underway' | 'delivered' | 'undelivered';
}

const KEPT = 500;

/** What the make-believe companies remember of the newest 500 texts. */
@Injectable()
export class Records {
  private readonly texts: { readonly text: TextRecord; readonly fault: Fault }[] = [];

  add(text: TextRecord, fault: Fault): void {
    this.texts.push({ text, fault });
    if (this.texts.length > KEPT) this.texts.shift();
  }

  /** The number that a text went to. */
  receiverOf(company: string, id: string): string | undefined {
    return this.texts.find(({ text }) => text.company === company && text.id === id)?.text.to;
  }

  /** Newest first; a text is not there until `lateMs` after it was taken. */
  of(company: string, to: string, lateMs: number): KeptText[] {
    const now = Date.now();
    return this.texts
      .filter(({ text }) => text.company === company && text.to === to && text.at.getTime() + lateMs <= now)
      .map(({ text, fault }) => ({ ...text, status: statusOf(text, fault, now) }))
      .reverse();
  }
}

function statusOf({ at }: TextRecord, fault: Fault, now: number): KeptText['status'] {
  const { receipt, receiptDelayMs = USUAL_RECEIPT_DELAY_MS } = fault;
  if (receipt === 'none' || at.getTime() + receiptDelayMs > now) return 'underway';
  return receipt === 'undelivered' ? 'undelivered' : 'delivered';
}
