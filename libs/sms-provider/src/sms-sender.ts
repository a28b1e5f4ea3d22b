import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import {
  dead,
  done,
  Metrics,
  park,
  ProcessSettings,
  retry,
  RetryPolicies,
  Sealer,
  SmsAccepted,
  SmsExpired,
  SmsRejected,
  SmsUnknown,
  type Delivery,
  type HandlerResult,
  type SmsSend,
} from '@app/common';
import {
  conclude,
  describe,
  planRetry,
  type Circumstances,
  type Conclusion,
  type ProviderRejection,
} from './conclusion.js';
import { consequenceOf } from './consequence.js';
import type { Reservation } from './delivery-ledger.js';
import { answerOf, HeldLedger } from './held-ledger.js';
import { OneAtATime } from './one-at-a-time.js';
import { OutcomeEvents, type TextEvent } from './outcome-events.js';
import { ProviderCalls } from './provider-calls.js';
import { openSms } from './readable-sms.js';
import { referenceOf } from './reference.js';
import type { SendOutcome, SmsContent, SmsProvider } from './sms-provider.js';
import { SMS_POLICY, SmsSettings } from './sms.config.js';
import { SmsRoute } from './sms-route.js';
import { SmsTemplates } from './templates/sms-templates.js';

/** Nobody was asked. */
const NONE = 'none';
/** Waits that use up no attempt take the shortest declared delay. */
const SHORTEST = 0;

type Granted = Extract<Reservation, { kind: 'granted' }>;

/** One event on its way through the route. */
interface Walk extends TextEvent {
  readonly content: SmsContent;
  readonly route: readonly SmsProvider[];
  readonly asked: Set<SmsProvider>;
  readonly rejections: ProviderRejection[];
  /** A worker died of it, or beside it: no other such message is under way in this process. */
  readonly alone: boolean;
}

/**
 * Sends one text, at most once accepted, whatever is delivered twice or dies in between.
 *
 * 1. Open the sealed values; find the companies that serve the number and can carry the content.
 * 2. Reserve the message in the ledger, then ask the company. Who finds it accepted tells so again and asks nobody; who
 *    finds somebody else at it waits; who finds a reservation whose holder died repeats that very request, one such
 *    message at a time, so that a message of which workers die is told from those that were only beside it.
 * 3. Note the answer in the ledger before anybody is told, and tell it before the event is acked.
 * 4. A rejection with failover asks the next company at once; when all have rejected, any RETRYABLE one means another
 *    attempt. An unknown outcome is repeated only where the company refuses duplicates.
 *
 * While the ledger or the broker is away a delivery is held where it is: nothing is asked twice for that, no attempt is
 * used up, and a held delivery holds the queue back.
 */
@Injectable()
export class SmsSender implements OnApplicationShutdown {
  private readonly suspects = new OneAtATime();
  private readonly maybeDuplicates;
  private readonly tooLate;

  constructor(
    private readonly ledger: HeldLedger,
    private readonly calls: ProviderCalls,
    private readonly smsRoute: SmsRoute,
    private readonly templates: SmsTemplates,
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
    const content = openSms(message, this.sealer, this.settings.acceptPlain ?? !this.environment.production);
    const walk: Walk = {
      message,
      delivery,
      content,
      route: this.smsRoute.for(content).filter((provider) => this.templates.carries(provider, content)),
      asked: new Set(),
      rejections: [],
      alone: false,
    };
    return walk.route.length > 0 ? this.walk(walk) : this.nobodyCarries(walk);
  }

  /** Instead of `send`, when the code has died: the text is dropped, and whoever waits for it hears what is known. */
  async expire(message: SmsSend, delivery: Delivery): Promise<HandlerResult> {
    const about = { message, delivery };
    const known = await this.ledger.find(message.messageId);
    if (known === undefined) return retry('the process ends', SHORTEST);
    if (known === 'reserved') return retry('another worker is sending it', this.ledger.leaseMs);
    if (known === 'abandoned') {
      await this.outcomes.tell(SmsUnknown, about, { provider: NONE, final: true, errorCode: 'worker-died' });
    } else if (known !== 'unseen' && known.state !== 'rejected') {
      await this.outcomes.again(about, known);
    } else {
      await this.tellExpired(about, known === 'unseen' ? NONE : known.provider);
    }
    return done();
  }

  onApplicationShutdown(): Promise<void> {
    return this.smsRoute.close();
  }

  private async walk(walk: Walk): Promise<HandlerResult> {
    const { message, delivery, route, asked, alone } = walk;
    for (let next = route[0]; next;) {
      const reservation = await this.ledger.reserve(message, next, alone);
      if (reservation === 'expired') return this.expire(message, delivery);
      if (reservation === undefined) return retry('the process ends', SHORTEST);
      if (reservation.kind === 'suspect') return this.suspects.run(() => this.walk({ ...walk, alone: true }));
      if (reservation.kind === 'poison') return this.parkPoison(walk);
      if (reservation.kind === 'busy') return retry('another worker is sending it', reservation.leftMs);
      if (reservation.kind === 'settled') {
        await this.outcomes.again(walk, reservation.answer);
        return done();
      }
      const provider = route.find(({ name }) => name === reservation.provider);
      if (!provider) return this.holdBack(reservation, walk, 'company-left-the-route');
      if (this.mustHold(provider, reservation)) return this.holdBack(reservation, walk, 'worker-died');
      const maybeDuplicate = reservation.repeats === 'crash' && !provider.capabilities.guardsDuplicates;
      if (maybeDuplicate) this.maybeDuplicates.inc({ provider: provider.name });
      const outcome = await this.ask(provider, reservation, walk);
      asked.add(provider);
      if (outcome.kind === 'accepted') {
        const { providerMessageId } = outcome;
        await this.outcomes.tell(SmsAccepted, walk, {
          provider: provider.name,
          final: true,
          ...(providerMessageId === undefined ? {} : { providerMessageId }),
          ...(maybeDuplicate ? { maybeDuplicate } : {}),
        });
        return done();
      }
      if (outcome.kind === 'unknown') return this.afterUnknown(provider, outcome.code, walk);
      const rejection = { ...outcome, provider: provider.name };
      walk.rejections.push(rejection);
      next = consequenceOf(outcome).failover ? route.find((candidate) => !asked.has(candidate)) : undefined;
      if (next) await this.outcomes.rejected(walk, rejection, { final: false });
    }
    return this.afterRejections(walk);
  }

  private async ask(
    provider: SmsProvider,
    { n, repeats }: Granted,
    { message, delivery, content }: Walk,
  ): Promise<SendOutcome> {
    const about = { messageId: message.messageId, attempt: delivery.attempt };
    const reference = referenceOf(message.messageId, n);
    const rendered = this.templates.render(provider, content);
    const sms = { ...content, rendered, reference, repeated: repeats !== undefined };
    const answer = await this.calls.ask(provider, sms, about);
    const outcome = repeats !== undefined && provider.capabilities.guardsDuplicates ? ofRepetition(answer) : answer;
    await this.ledger.note(message.messageId, answerOf(provider, n, outcome));
    return outcome;
  }

  /** Three workers have died of this message alone. */
  private async parkPoison(walk: Walk): Promise<HandlerResult> {
    await this.outcomes.tell(SmsUnknown, walk, { provider: NONE, final: true, errorCode: 'poison' });
    return park('poison: the workers that handled it died');
  }

  private mustHold(provider: SmsProvider, { repeats }: Granted): boolean {
    return repeats === 'crash' && !provider.capabilities.guardsDuplicates && this.settings.onCrash === 'hold';
  }

  /** Somebody may have asked, and asking again might send a second text. */
  private async holdBack({ provider, n }: Granted, walk: Walk, errorCode: string): Promise<HandlerResult> {
    await this.ledger.note(walk.message.messageId, { state: 'unknown', provider, n, errorCode });
    await this.outcomes.tell(SmsUnknown, walk, { provider, final: true, errorCode });
    return done();
  }

  private async afterUnknown(provider: SmsProvider, errorCode: string, walk: Walk): Promise<HandlerResult> {
    const plan: Conclusion = provider.capabilities.guardsDuplicates
      ? planRetry(`${provider.name} ${errorCode} (unknown)`, this.circumstances(walk))
      : { kind: 'over' };
    const next =
      plan.kind === 'retry' ? { final: false, nextAttemptAt: plan.nextAttemptAt.toISOString() } : { final: true };
    await this.outcomes.tell(SmsUnknown, walk, { provider: provider.name, errorCode, ...next });
    return plan.kind === 'retry' ? plan.result : done();
  }

  private async afterRejections(walk: Walk): Promise<HandlerResult> {
    const plan = conclude(walk.rejections, this.circumstances(walk));
    const last = walk.rejections.at(-1)!;
    switch (plan.kind) {
      case 'retry':
        await this.outcomes.rejected(walk, last, { final: false, nextAttemptAt: plan.nextAttemptAt.toISOString() });
        return plan.result;
      case 'over':
        await this.outcomes.rejected(walk, last, { final: true });
        return dead(walk.rejections.map(describe).join(', '), { errorClass: last.class, provider: last.provider });
      case 'too-late':
        await this.outcomes.rejected(walk, last, { final: false });
        await this.tellExpired(walk, last.provider);
        return done();
    }
  }

  private tellExpired(about: TextEvent, provider: string): Promise<void> {
    this.tooLate.inc();
    return this.outcomes.tell(SmsExpired, about, { provider, final: true });
  }

  private async nobodyCarries(walk: Walk): Promise<HandlerResult> {
    const facts = { errorClass: 'PERMANENT', errorScope: 'region', errorCode: 'no-route' };
    await this.outcomes.tell(SmsRejected, walk, { provider: NONE, final: true, ...facts });
    return dead('no company on the route can carry it', { errorClass: 'PERMANENT' });
  }

  private circumstances({ message, delivery }: Walk): Circumstances {
    return { policy: this.policies.of(SMS_POLICY), delivery, expiresAt: new Date(message.expiresAt), now: new Date() };
  }
}

/**
 * A company that refuses duplicates says by that refusal that it had the first request (which its provider reads as
 * accepted). Any other refusal of a repetition says nothing about the first request: that stays unknown.
 */
const ofRepetition = (answer: SendOutcome): SendOutcome =>
  answer.kind === 'rejected' ? { kind: 'unknown', code: answer.code } : answer;
