import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import {
  dead,
  done,
  Metrics,
  ProcessSettings,
  RedisUnavailableError,
  retry,
  RetryPolicies,
  Sealer,
  SmsAccepted,
  SmsExpired,
  SmsRejected,
  SmsUnknown,
  type Delivery,
  type HandlerResult,
  type SmsOutcome,
  type SmsSend,
} from '@app/common';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  conclude,
  describe,
  planRetry,
  type Circumstances,
  type Conclusion,
  type ProviderRejection,
} from './conclusion.js';
import { DELIVERY_LEDGER, type DeliveryLedger, type LedgerAnswer, type Reservation } from './delivery-ledger.js';
import { OutcomeEvents, type OutcomeFacts } from './outcome-events.js';
import { ProviderCalls } from './provider-calls.js';
import { openSms, type ReadableSms } from './readable-sms.js';
import { referenceOf } from './reference.js';
import type { SendOutcome, SmsProvider } from './sms-provider.js';
import { SMS_POLICY, SmsSettings } from './sms.config.js';
import { SmsRoute } from './sms-route.js';

/** Nobody was asked. */
const NONE = 'none';
/** Waits that use up no attempt take the shortest declared delay. */
const SHORTEST = 0;

type Granted = Extract<Reservation, { kind: 'granted' }>;

/** One event on its way through the route. */
interface Walk {
  readonly message: SmsSend;
  readonly delivery: Delivery;
  readonly sms: ReadableSms;
  readonly route: readonly SmsProvider[];
  readonly rejections: ProviderRejection[];
}

/**
 * Sends one text, at most once accepted, whatever is delivered twice or dies in between.
 *
 * 1. Open the sealed values; find the companies that can carry the message.
 * 2. Reserve the message in the ledger, then ask the company. Who finds it accepted tells so again and asks nobody; who
 *    finds somebody else at it waits; who finds a reservation whose holder died repeats that very request.
 * 3. Note the answer in the ledger before anybody is told, and tell it before the event is acked.
 * 4. A rejection with failover asks the next company at once; when all have rejected, any RETRYABLE one means another
 *    attempt. An unknown outcome is repeated only where the company refuses duplicates.
 */
@Injectable()
export class SmsSender implements OnApplicationShutdown {
  private readonly over = new AbortController();
  private readonly maybeDuplicates;
  private readonly tooLate;

  constructor(
    @Inject(DELIVERY_LEDGER) private readonly ledger: DeliveryLedger,
    private readonly calls: ProviderCalls,
    private readonly smsRoute: SmsRoute,
    private readonly outcomes: OutcomeEvents,
    private readonly sealer: Sealer,
    private readonly policies: RetryPolicies,
    private readonly settings: SmsSettings,
    private readonly environment: ProcessSettings,
    metrics: Metrics,
  ) {
    this.maybeDuplicates = metrics.counter(
      'otpost_sms_maybe_duplicates_total',
      'Texts sent again after a worker died, at a company without a guard.',
      ['provider'],
    );
    this.tooLate = metrics.counter('otpost_sms_expired_total', 'Texts not sent because their code had died.');
  }

  async send(message: SmsSend, delivery: Delivery): Promise<HandlerResult> {
    const sms = openSms(message, this.sealer, this.settings.acceptPlain ?? !this.environment.production);
    const route = this.smsRoute.for({ ...sms, reference: '', repeated: false });
    const walk: Walk = { message, delivery, sms, route, rejections: [] };
    const [first] = route;
    return first ? this.walkFrom(first, walk) : this.nobodyCarries(walk);
  }

  /** Instead of `send`, when the code has died: the text is dropped, unless it was accepted before. */
  async expire(message: SmsSend, delivery: Delivery): Promise<HandlerResult> {
    const known = await this.ledger.find(message.messageId);
    if (known === 'reserved') return retry('another worker is sending it', SHORTEST);
    if (known?.state === 'accepted') return this.tellAgain(message, delivery, known);
    this.tooLate.inc();
    return this.tell(
      SmsExpired,
      message,
      delivery,
      { provider: known?.provider ?? NONE, final: true, ...codes(known) },
      done(),
    );
  }

  onApplicationShutdown(): Promise<void> {
    this.over.abort();
    return this.smsRoute.close();
  }

  private async walkFrom(first: SmsProvider, walk: Walk): Promise<HandlerResult> {
    for (let next: SmsProvider | undefined = first; next;) {
      const reservation = await this.reserve(next, walk);
      if (reservation === undefined) return retry('the ledger is not reachable', SHORTEST);
      if (reservation.kind === 'busy') return retry('another worker is sending it', SHORTEST);
      if (reservation.kind === 'settled') return this.tellAgain(walk.message, walk.delivery, reservation.answer);
      const provider = walk.route.find(({ name }) => name === reservation.provider);
      if (!provider || this.mustHold(provider, reservation)) return this.holdBack(reservation, walk);
      const maybeDuplicate = reservation.repeats === 'crash' && !provider.capabilities.guardsDuplicates;
      if (maybeDuplicate) this.maybeDuplicates.inc({ provider: provider.name });
      const outcome = await this.ask(provider, reservation, walk);
      if (outcome.kind === 'accepted') {
        const facts = {
          provider: provider.name,
          final: true,
          ...idOf(outcome),
          ...(maybeDuplicate ? { maybeDuplicate } : {}),
        };
        return this.tell(SmsAccepted, walk.message, walk.delivery, facts, done());
      }
      if (outcome.kind === 'unknown') return this.afterUnknown(provider, outcome.code, walk);
      walk.rejections.push({ ...outcome, provider: provider.name });
      next = outcome.failover ? walk.route[walk.route.indexOf(provider) + 1] : undefined;
      if (next && !(await this.tellRejection(walk, { final: false })))
        return retry('the outcome could not be published', SHORTEST);
    }
    return this.afterRejections(walk);
  }

  private async reserve(provider: SmsProvider, { message }: Walk): Promise<Reservation | undefined> {
    try {
      return await this.ledger.reserve(message.messageId, provider.name, { now: new Date(), ms: this.calls.leaseMs });
    } catch (error) {
      if (error instanceof RedisUnavailableError) return undefined;
      throw error;
    }
  }

  private async ask(
    provider: SmsProvider,
    { n, repeats }: Granted,
    { message, delivery, sms }: Walk,
  ): Promise<SendOutcome> {
    const reference = referenceOf(message.messageId, n);
    const about = { messageId: message.messageId, attempt: delivery.attempt };
    const outcome = await this.calls.ask(provider, { ...sms, reference, repeated: repeats !== undefined }, about);
    await this.note(message.messageId, answerOf(provider, n, outcome));
    return outcome;
  }

  /** An answer that is known is kept until it is noted: while Redis is away, in this process. */
  private async note(messageId: string, answer: LedgerAnswer): Promise<void> {
    for (;;) {
      try {
        return await this.ledger.settle(messageId, answer);
      } catch (error) {
        if (!(error instanceof RedisUnavailableError)) throw error;
        await sleep(500, undefined, { signal: this.over.signal });
      }
    }
  }

  private mustHold(provider: SmsProvider, { repeats }: Granted): boolean {
    return repeats === 'crash' && !provider.capabilities.guardsDuplicates && this.settings.onCrash === 'hold';
  }

  /** Somebody died asking, and asking again might send a second text (or the company has left the route). */
  private async holdBack({ provider, n }: Granted, { message, delivery }: Walk): Promise<HandlerResult> {
    await this.note(message.messageId, { state: 'unknown', provider, n, errorCode: 'worker-died' });
    return this.tell(SmsUnknown, message, delivery, { provider, final: true, errorCode: 'worker-died' }, done());
  }

  private afterUnknown(provider: SmsProvider, errorCode: string, walk: Walk): Promise<HandlerResult> {
    const { message, delivery } = walk;
    const facts = { provider: provider.name, errorCode };
    const plan: Conclusion = provider.capabilities.guardsDuplicates
      ? planRetry(`${provider.name} ${errorCode} (unknown)`, this.circumstances(walk))
      : { kind: 'over' };
    if (plan.kind !== 'retry') return this.tell(SmsUnknown, message, delivery, { ...facts, final: true }, done());
    const nextAttemptAt = plan.nextAttemptAt.toISOString();
    return this.tell(SmsUnknown, message, delivery, { ...facts, final: false, nextAttemptAt }, plan.result);
  }

  private async afterRejections(walk: Walk): Promise<HandlerResult> {
    const plan = conclude(walk.rejections, this.circumstances(walk));
    const last = walk.rejections.at(-1)!;
    const notTold = retry('the outcome could not be published', SHORTEST);
    switch (plan.kind) {
      case 'retry':
        return (await this.tellRejection(walk, { final: false, nextAttemptAt: plan.nextAttemptAt.toISOString() }))
          ? plan.result
          : notTold;
      case 'over':
        return (await this.tellRejection(walk, { final: true }))
          ? dead(walk.rejections.map(describe).join(', '), { errorClass: last.class, provider: last.provider })
          : notTold;
      case 'too-late':
        this.tooLate.inc();
        return (await this.tellRejection(walk, { final: false }))
          ? this.tell(SmsExpired, walk.message, walk.delivery, { provider: last.provider, final: true }, done())
          : notTold;
    }
  }

  private tellRejection(
    { message, delivery, rejections }: Walk,
    facts: Pick<OutcomeFacts, 'final' | 'nextAttemptAt'>,
  ): Promise<boolean> {
    const { provider, class: errorClass, scope: errorScope, code: errorCode } = rejections.at(-1)!;
    return this.outcomes.tell(SmsRejected, message, delivery, {
      provider,
      errorClass,
      errorScope,
      errorCode,
      ...facts,
    });
  }

  private nobodyCarries({ message, delivery }: Walk): Promise<HandlerResult> {
    const facts = { provider: NONE, final: true, errorClass: 'PERMANENT', errorScope: 'region', errorCode: 'no-route' };
    return this.tell(
      SmsRejected,
      message,
      delivery,
      facts,
      dead('no company on the route can carry it', { errorClass: 'PERMANENT' }),
    );
  }

  private tellAgain(
    message: SmsSend,
    delivery: Delivery,
    { state, provider, ...answer }: LedgerAnswer,
  ): Promise<HandlerResult> {
    const facts = { provider, final: true, ...codes(answer), ...idOf(answer) };
    return this.tell(state === 'accepted' ? SmsAccepted : SmsUnknown, message, delivery, facts, done());
  }

  private async tell(
    Outcome: new () => SmsOutcome,
    message: SmsSend,
    delivery: Delivery,
    facts: OutcomeFacts,
    then: HandlerResult,
  ): Promise<HandlerResult> {
    const told = await this.outcomes.tell(Outcome, message, delivery, facts);
    return told ? then : retry('the outcome could not be published', SHORTEST);
  }

  private circumstances({ message, delivery }: Walk): Circumstances {
    return { policy: this.policies.of(SMS_POLICY), delivery, expiresAt: new Date(message.expiresAt), now: new Date() };
  }
}

const idOf = ({ providerMessageId }: { providerMessageId?: string }) =>
  providerMessageId === undefined ? {} : { providerMessageId };

const codes = (answer: Partial<LedgerAnswer> | undefined) => ({
  ...(answer?.errorClass === undefined ? {} : { errorClass: answer.errorClass }),
  ...(answer?.errorScope === undefined ? {} : { errorScope: answer.errorScope }),
  ...(answer?.errorCode === undefined ? {} : { errorCode: answer.errorCode }),
});

function answerOf({ name, capabilities }: SmsProvider, n: number, outcome: SendOutcome): LedgerAnswer {
  const asked = { provider: name, n };
  switch (outcome.kind) {
    case 'accepted':
      return { ...asked, state: 'accepted', ...idOf(outcome) };
    case 'unknown':
      return { ...asked, state: 'unknown', askAgain: capabilities.guardsDuplicates, errorCode: outcome.code };
    case 'rejected':
      return {
        ...asked,
        state: 'rejected',
        errorClass: outcome.class,
        errorScope: outcome.scope,
        errorCode: outcome.code,
      };
  }
}
