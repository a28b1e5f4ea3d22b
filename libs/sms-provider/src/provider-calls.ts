import { Injectable } from '@nestjs/common';
import { AppLogger, Metrics } from '@app/common';
import { consequenceOf } from './consequence.js';
import { SmsSettings } from './sms.config.js';
import type { ProviderRejection } from './conclusion.js';
import type { OutboundSms, SendOutcome, SmsProvider } from './sms-provider.js';

/** Asks companies: with a deadline, counted, and with one log line for whatever is not accepted. */
@Injectable()
export class ProviderCalls {
  private readonly sends;
  private readonly seconds;
  private readonly alerts;

  constructor(
    private readonly settings: SmsSettings,
    private readonly logger: AppLogger,
    metrics: Metrics,
  ) {
    this.sends = metrics.counter('otpost_sms_sends_total', 'Requests to companies by what they came to.', [
      'provider',
      'outcome',
      'class',
    ]);
    this.alerts = metrics.counter(
      'otpost_sms_alerts_total',
      'Rejections that somebody has to act on: balance, template, signature, credentials, routes that are not there.',
      ['provider', 'scope'],
    );
    this.seconds = metrics.histogram('otpost_sms_send_duration_seconds', 'How long companies take to answer.', [
      'provider',
    ]);
  }

  async ask(
    provider: SmsProvider,
    sms: OutboundSms,
    about: { messageId: string; attempt: number },
  ): Promise<SendOutcome> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), this.settings.sendTimeoutSeconds * 1000);
    const stop = this.seconds.startTimer({ provider: provider.name });
    try {
      const outcome = await provider.send(sms, deadline.signal);
      this.report(provider.name, outcome, about);
      return outcome;
    } finally {
      clearTimeout(timer);
      stop();
    }
  }

  private report(provider: string, outcome: SendOutcome, about: object): void {
    this.sends.inc({
      provider,
      outcome: labelOf(outcome),
      class: outcome.kind === 'rejected' ? outcome.class : 'none',
    });
    if (outcome.kind === 'unknown')
      this.logger.warn({ ...about, provider, code: outcome.code }, 'the outcome of a text is unknown');
    if (outcome.kind !== 'rejected') return;
    const rejection = { ...outcome, provider };
    if (!consequenceOf(outcome).alert) this.logger.warn(fieldsOf(rejection, about), 'a company rejected a text');
    else
      this.alert(
        rejection,
        about,
        'a company rejects texts until somebody acts: balance, template, signature or credentials',
      );
  }

  /** Tells that somebody has to act, and what about. */
  alert(rejection: ProviderRejection, about: object, sentence: string): void {
    this.alerts.inc({ provider: rejection.provider, scope: rejection.scope });
    this.logger.error(fieldsOf(rejection, about), sentence);
  }
}

const fieldsOf = ({ provider, class: errorClass, scope, code }: ProviderRejection, about: object) => ({
  ...about,
  provider,
  errorClass,
  scope,
  code,
});

function labelOf(outcome: SendOutcome): string {
  if (outcome.kind === 'rejected') return `rejected_${outcome.scope}`;
  return outcome.kind === 'accepted' && outcome.duplicate ? 'accepted_before' : outcome.kind;
}
