import { AppLogger } from '@app/common';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { CarrierLabSettings } from '../carrier-lab.config.js';
import type { ActiveFault } from '../faults/faults.js';

/** What a receipt is about. */
export interface ReceiptFacts {
  readonly to: string;
  /** The company's own id. */
  readonly id: string;
  readonly reference: string | undefined;
  readonly delivered: boolean;
  /** Where the receipt goes, complete: some companies sign it. */
  readonly url: string;
  readonly settings: CarrierLabSettings;
}

export interface ReceiptPost {
  /** Under the gateway's address for receipts, `{token}` for its secret; a text's own address comes first. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Teller {
  receipt(facts: ReceiptFacts): ReceiptPost;
}

/** After the answer, as a rule. */
export const USUAL_RECEIPT_DELAY_MS = 200;
/** A receipt that is not taken comes again: so often, after so long. */
const TRIES = 3;
const TRY_AGAIN_MS = 1000;

/** Tells the gateway later what became of texts, in each company's own way. */
@Injectable()
export class ReceiptSender implements OnModuleDestroy {
  private readonly timers = new Set<NodeJS.Timeout>();
  private base: string | undefined;

  constructor(
    private readonly settings: CarrierLabSettings,
    private readonly logger: AppLogger,
  ) {
    this.base = settings.receiptsUrl;
  }

  /** `http://127.0.0.1:3000/v1/receipts`, where it is not known at start. */
  sendTo(url: string): void {
    this.base = url;
  }

  schedule(
    teller: Teller,
    text: { to: string; id: string; reference?: string | undefined; callbackUrl?: string | undefined },
    active: ActiveFault,
  ): void {
    const {
      receipt = 'delivered',
      receiptDelayMs = USUAL_RECEIPT_DELAY_MS,
      receiptLoss = 0,
      receiptTimes = 1,
      receiptJitterMs = 0,
    } = active.fault;
    if (receipt === 'none' || (this.base === undefined && text.callbackUrl === undefined)) return;
    const id = receipt === 'unknown-id' ? randomUUID().replaceAll('-', '') : text.id;
    const reference = receipt === 'unknown-id' ? undefined : text.reference;
    const facts = { ...text, id, reference, delivered: receipt !== 'undelivered', settings: this.settings };
    for (let time = 0; time < receiptTimes; time++) {
      if (receiptLoss > 0 && active.chance() < receiptLoss) continue;
      const jitter = receiptJitterMs > 0 ? active.chance() * receiptJitterMs : 0;
      this.later(receiptDelayMs + jitter, () => this.post(teller, facts, text.callbackUrl, receipt === 'forged'));
    }
  }

  onModuleDestroy(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }

  private async post(
    teller: Teller,
    facts: Omit<ReceiptFacts, 'url'>,
    callbackUrl: string | undefined,
    forged: boolean,
    left = TRIES,
  ): Promise<void> {
    const token = forged ? 'x'.repeat(this.settings.receiptToken.length) : this.settings.receiptToken;
    const settings = forged
      ? { ...facts.settings, twilioAuthToken: 'forged', webhookSecret: 'whsec_Zm9yZ2Vk' }
      : facts.settings;
    const { path, headers, body } = teller.receipt({ ...facts, settings, url: callbackUrl ?? '' });
    const url = callbackUrl ?? `${this.base}${path.replace('{token}', token)}`;
    const status = await fetch(url, { method: 'POST', headers, body }).then(
      (response) => response.status,
      () => 0,
    );
    if (status >= 200 && status < 300) return;
    this.logger.warn({ status, left: left - 1 }, 'a receipt was not taken');
    if (left > 1) this.later(TRY_AGAIN_MS, () => this.post(teller, facts, callbackUrl, forged, left - 1));
  }

  private later(ms: number, step: () => Promise<void>): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      void step();
    }, ms).unref();
    this.timers.add(timer);
  }
}
