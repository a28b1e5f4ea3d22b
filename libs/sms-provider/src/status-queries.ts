import { Injectable } from '@nestjs/common';
import { AppLogger, Metrics } from '@app/common';
import type { ReceiptWord } from './receipts/receipt-book.js';
import { Companies, type Pass } from './routes/companies.js';
import { SmsSettings } from './sms.config.js';
import type { QueryAnswer, SentRequest, SmsProvider } from './sms-provider.js';

/** Whoever asks holds up a delivery: together with a request it must end within the lease (`leaseSeconds`). */
const QUERY_TIMEOUT_MS = 2000;
/** Our clocks and a company's may differ by this much. */
export const CLOCK_TOLERANCE_MS = 5000;

/** Asks companies what became of earlier requests: with a deadline, through the same gate as texts, counted. */
@Injectable()
export class StatusQueries {
  private readonly queries;

  constructor(
    private readonly companies: Companies,
    private readonly settings: SmsSettings,
    private readonly logger: AppLogger,
    metrics: Metrics,
  ) {
    this.queries = metrics.counter(
      'otpost_sms_queries_total',
      'Questions to companies about earlier texts by what they said: accepted, delivered, undelivered, absent, failed.',
      ['provider', 'answer'],
    );
  }

  /**
   * `failed` also where the company cannot be asked, or not now. What a query meets says nothing of how well texts are taken.
   * `held` is a pass that the caller has for this company already.
   */
  async ask(provider: SmsProvider, sent: SentRequest, held?: Pass): Promise<QueryAnswer> {
    if (!provider.query) return { kind: 'failed', code: 'no-query' };
    const pass = held ?? this.companies.enter(provider);
    if (!('leave' in pass)) return { kind: 'failed', code: pass.code };
    const signal = AbortSignal.timeout(Math.min(QUERY_TIMEOUT_MS, this.settings.sendTimeoutSeconds * 1000));
    try {
      const answer = await provider.query(sent, signal);
      this.report(provider.name, sent, answer);
      return answer;
    } finally {
      if (!held) pass.leave('ignored');
    }
  }

  private report(provider: string, { reference }: SentRequest, answer: QueryAnswer): void {
    this.queries.inc({ provider, answer: answer.kind === 'found' ? answer.status : answer.kind });
    if (answer.kind !== 'failed') return;
    this.logger.warn({ provider, reference, code: answer.code }, 'a company does not say what became of a text');
  }
}

/** What a company has said of a text's fate by such an answer. */
export function wordsIn(answer: QueryAnswer): readonly ReceiptWord[] {
  if (answer.kind !== 'found' || answer.status === 'accepted') return [];
  const { status, errorCode } = answer;
  return [{ status, ...(errorCode === undefined ? {} : { errorCode }) }];
}
