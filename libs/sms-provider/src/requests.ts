import { Injectable } from '@nestjs/common';
import { consequenceOf, settledBy } from './consequence.js';
import type { LedgerAnswer, Reservation } from './delivery-ledger.js';
import type { SendEvent } from './endings.js';
import { answerOf, HeldLedger } from './held-ledger.js';
import { ProviderCalls } from './provider-calls.js';
import type { ReceiptWord } from './receipts/receipt-book.js';
import { Receipts } from './receipts/receipts.js';
import { referenceOf } from './reference.js';
import type { Pass } from './routes/companies.js';
import type { QueryAnswer, SendOutcome, SentRequest, SmsContent, SmsProvider } from './sms-provider.js';
import { CLOCK_TOLERANCE_MS, StatusQueries, wordsIn } from './status-queries.js';
import { SmsTemplates } from './templates/sms-templates.js';

export type Granted = Extract<Reservation, { kind: 'granted' }>;

/** A text that a company is asked for. */
export interface RequestedText extends SendEvent {
  readonly content: SmsContent;
}

/** An answer that is noted: in the ledger, and for receipts. */
export interface Noted {
  readonly outcome: SendOutcome;
  readonly answer: LedgerAnswer;
  /** What the company has said of the text's fate already. */
  readonly words: readonly ReceiptWord[];
}

interface OneRequest {
  readonly provider: SmsProvider;
  readonly n: number;
  /** Of its reservation. */
  readonly token: string;
  readonly text: RequestedText;
  /** Milliseconds since 1970. */
  readonly askedAt: number;
}

const ACCEPTED: SendOutcome = { kind: 'accepted' };

/** A worker that died asked within this: a code does not live longer. */
const CRASH_WINDOW_MS = 3_600_000;

/** One request to one company, from asking to an answer that is noted. */
@Injectable()
export class Requests {
  constructor(
    private readonly calls: ProviderCalls,
    private readonly queries: StatusQueries,
    private readonly ledger: HeldLedger,
    private readonly receipts: Receipts,
    private readonly templates: SmsTemplates,
  ) {}

  /**
   * What it cannot know it asks about once, when it has noted that it does not know. Undefined: the answer does not count
   * any more, since somebody else has the message by now.
   */
  async make(provider: SmsProvider, granted: Granted, text: RequestedText, pass: Pass): Promise<Noted | undefined> {
    const { message, delivery, content } = text;
    const repeated = granted.repeats !== undefined;
    const sms = {
      ...content,
      rendered: this.templates.render(provider, content),
      reference: referenceOf(message.messageId, granted.n),
      repeated,
      ttlSeconds: Math.max(1, Math.ceil((Date.parse(message.expiresAt) - Date.now()) / 1000)),
    };
    const one = { provider, n: granted.n, token: granted.token, text, askedAt: Date.now() };
    const said = await this.calls.ask(provider, sms, { messageId: message.messageId, attempt: delivery.attempt });
    pass.leave(consequenceOf(said).health, 'retryAfterMs' in said ? said.retryAfterMs : undefined);
    const outcome = repeated && provider.capabilities.guardsDuplicates ? ofRepetition(said) : said;
    const noted = await this.note(one, outcome);
    // The company speaks of it, so it has it.
    if (outcome.kind === 'unknown' && noted.words.length > 0) return this.note(one, ACCEPTED, noted.words);
    if (!noted.counts) return undefined;
    if (outcome.kind !== 'unknown') return noted;
    return (await this.settle(one, await this.queries.ask(provider, this.sentRequest(one)))) ?? noted;
  }

  /** Whether the company has the request of a worker that died; undefined where it does not say so. */
  async lookUp(
    provider: SmsProvider,
    { n, token }: Granted,
    text: RequestedText,
    pass: Pass,
  ): Promise<Noted | undefined> {
    const one = { provider, n, token, text, askedAt: Date.now() };
    const sent = this.sentRequest({ ...one, askedAt: one.askedAt - CRASH_WINDOW_MS });
    return this.settle(one, await this.queries.ask(provider, sent, pass));
  }

  private async settle(one: OneRequest, answer: QueryAnswer): Promise<Noted | undefined> {
    const outcome = settledBy(answer);
    return outcome && this.note(one, outcome, wordsIn(answer));
  }

  /** `known`: it was unknown before, and the company has said this of it since. */
  private async note(
    { provider, n, token, text, askedAt }: OneRequest,
    outcome: SendOutcome,
    known?: readonly ReceiptWord[],
  ): Promise<Noted & { readonly counts: boolean }> {
    const answer = answerOf(provider, n, outcome);
    const asked = { to: text.content.to, at: askedAt, canQuery: provider.query !== undefined };
    const [words, counts] = await Promise.all([
      this.receipts.noteAnswer(text, answer, asked, known),
      this.ledger.note(text.message.messageId, answer, token),
    ]);
    return { outcome, answer, words, counts };
  }

  private sentRequest({ provider, n, text: { message, content }, askedAt }: OneRequest): SentRequest {
    return {
      to: content.to,
      reference: referenceOf(message.messageId, n),
      text: this.templates.render(provider, content).text,
      notBefore: new Date(askedAt - CLOCK_TOLERANCE_MS),
      notAfter: new Date(Date.now() + CLOCK_TOLERANCE_MS),
    };
  }
}

/**
 * A company that refuses duplicates says by that refusal that it had the first request (which its provider reads as
 * accepted). Any other refusal of a repetition says nothing about the first request: that stays unknown.
 */
const ofRepetition = (answer: SendOutcome): SendOutcome =>
  answer.kind === 'rejected' ? { kind: 'unknown', code: answer.code } : answer;
