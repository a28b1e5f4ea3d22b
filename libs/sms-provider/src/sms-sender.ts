import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Metrics, ProcessSettings, retry, Sealer, type Delivery, type HandlerResult, type SmsSend } from '@app/common';
import type { ProviderRejection } from './conclusion.js';
import { consequenceOf } from './consequence.js';
import type { Beside, Reservation } from './delivery-ledger.js';
import { Endings, NONE, type SendEvent } from './endings.js';
import { HeldLedger } from './held-ledger.js';
import { processEnds } from './hold.js';
import { ProviderCalls } from './provider-calls.js';
import { openSms } from './readable-sms.js';
import { Requests, type Granted } from './requests.js';
import { Companies, type Pass, type Shut } from './routes/companies.js';
import type { SmsContent, SmsProvider } from './sms-provider.js';
import { SmsRoutes, type SmsWay } from './sms-route.js';
import { SmsSettings } from './sms.config.js';
import { SuspectLine } from './suspect-line.js';
import { SmsTemplates } from './templates/sms-templates.js';
import { UnaskedTexts } from './unasked-texts.js';

type Suspect = Extract<Reservation, { kind: 'suspect' }>;

/** One event on its way through the route. */
interface Walk extends SendEvent {
  readonly content: SmsContent;
  readonly way: SmsWay;
  readonly asked: Set<SmsProvider>;
  readonly rejections: ProviderRejection[];
  /** What else of its kind is under way in this process: less where workers died of it, or beside it. */
  readonly beside: Beside;
}

/**
 * Sends one text, at most once accepted, whatever is delivered twice or dies in between.
 *
 * 1. Open the sealed values; find the companies that serve the number and can carry the content.
 * 2. Choose the first that may be asked now. Where none may, the text waits, and that uses up no attempt.
 * 3. Reserve the message in the ledger, then ask the company. Who finds it accepted tells so again and asks nobody; who
 *    finds somebody else at it waits; who finds a reservation whose holder died repeats that very request, with few
 *    such messages beside it, after a second death with none, so that a message of which workers die is told from those
 *    that were only beside it. Where the repetition might be a second text, the company is first asked whether it has
 *    the first.
 * 4. Note the answer in the ledger before anybody is told, and tell it before the event is acked. Whoever was taken for
 *    dead, and finds that somebody else has the message by now, leaves it to them.
 * 5. A rejection with failover asks the next company at once; when all have rejected, any RETRYABLE one means another
 *    attempt. Where an outcome is unknown the company is asked about it, if it can be; what stays unknown is repeated
 *    only where the company refuses duplicates.
 *
 * While the ledger or the broker is away a delivery is held where it is: nothing is asked twice for that, no attempt is
 * used up, and a held delivery holds the queue back.
 */
@Injectable()
export class SmsSender implements OnApplicationShutdown {
  private readonly suspects;
  private readonly maybeDuplicates;
  private readonly cost;

  constructor(
    private readonly ledger: HeldLedger,
    private readonly requests: Requests,
    private readonly calls: ProviderCalls,
    private readonly companies: Companies,
    private readonly routes: SmsRoutes,
    private readonly templates: SmsTemplates,
    private readonly endings: Endings,
    private readonly unasked: UnaskedTexts,
    private readonly sealer: Sealer,
    private readonly settings: SmsSettings,
    private readonly environment: ProcessSettings,
    metrics: Metrics,
  ) {
    this.suspects = new SuspectLine(settings.concurrency);
    this.maybeDuplicates = metrics.counter(
      'otpost_sms_maybe_duplicates_total',
      'Texts sent again after a worker died, at a company without a guard.',
      ['provider'],
    );
    this.cost = metrics.counter('otpost_sms_cost_total', 'What accepted texts cost, as the routes file has it.', [
      'provider',
      'route',
    ]);
  }

  async send(message: SmsSend, delivery: Delivery): Promise<HandlerResult> {
    const content = openSms(message, this.sealer, this.settings.acceptPlain ?? !this.environment.production);
    const way = this.wayOf(content, message);
    if (!way) return this.withoutRoutes({ message, delivery });
    const walk: Walk = { message, delivery, content, way, asked: new Set(), rejections: [], beside: 'any' };
    return way.providers.length > 0
      ? this.walk(walk)
      : this.unasked.unlessKnown(walk, () => this.endings.nobodyCarries(walk));
  }

  private wayOf(content: SmsContent, message: SmsSend): SmsWay | undefined {
    const way = this.routes.for(content, message);
    return way && { ...way, providers: way.providers.filter((provider) => this.templates.carries(provider, content)) };
  }

  /** Another worker may know the set, and this one may once it has been told: so it is tried again, and somebody is called. */
  private withoutRoutes(event: SendEvent): Promise<HandlerResult> {
    const { messageId, routes } = event.message;
    this.calls.alert(
      NO_SUCH_ROUTES,
      { messageId, attempt: event.delivery.attempt, routes },
      'a text names routes that SMS_ROUTES_FILE does not have: no company is asked',
    );
    return this.unasked.forNow(event, [NO_SUCH_ROUTES]);
  }

  /** Instead of `send`, when the code has died: the text is dropped, and whoever waits for it hears what is known. */
  async expire(message: SmsSend, delivery: Delivery): Promise<HandlerResult> {
    const about = { message, delivery };
    return this.unasked.unlessKnown(about, (rejectedBy) => this.endings.expired(about, rejectedBy));
  }

  onApplicationShutdown(): Promise<void> {
    return this.routes.close();
  }

  /** A message that turns out to be a suspect begins again when its turn among those has come. */
  private async walk(walk: Walk): Promise<HandlerResult> {
    let end = await this.walkRoute(walk);
    while (end.kind === 'suspect') {
      const { beside } = end;
      const turn = await this.suspects.run(beside, () => this.walkRoute({ ...walk, beside }));
      if (!turn) return retry('many messages wait of which a worker may have died', this.ledger.leaseMs);
      end = turn;
    }
    return end;
  }

  private async walkRoute(walk: Walk): Promise<HandlerResult | Suspect> {
    const { way, asked } = walk;
    for (;;) {
      const left = way.providers.filter((candidate) => !asked.has(candidate));
      if (left.length === 0) return this.endings.rejected(walk, walk.rejections);
      const choice = await this.companies.choose(left);
      if (choice.kind === 'nobody') return this.whileShut(walk, choice.shut);
      const step = await this.step(walk, choice.provider, choice.pass);
      if (step !== 'next') return step;
    }
  }

  /** Reserves and asks. The pass is given back whatever happens. */
  private async step(walk: Walk, chosen: SmsProvider, pass: Pass): Promise<HandlerResult | Suspect | 'next'> {
    const { message, delivery, beside } = walk;
    try {
      const reservation = await this.ledger.reserve(message, chosen, beside);
      if (reservation === 'expired') return await this.expire(message, delivery);
      if (reservation === undefined) return processEnds();
      if (reservation.kind === 'granted') return await this.take(reservation, walk, chosen, pass);
      if (reservation.kind === 'suspect') return reservation; // whoever waits for the others holds no place
      if (reservation.kind === 'poison') return await this.unasked.giveUp(walk, 'poison');
      if (reservation.kind === 'busy') return retry('another worker is sending it', reservation.leftMs);
      return await this.endings.again(walk, reservation.answer);
    } finally {
      pass.leave('ignored'); // unless an answer has said more
    }
  }

  /** The ledger has granted a request: mostly at the company that was chosen, else where an earlier one may be under way. */
  private async take(granted: Granted, walk: Walk, chosen: SmsProvider, pass: Pass): Promise<HandlerResult | 'next'> {
    const provider = walk.way.providers.find(({ name }) => name === granted.provider);
    if (!provider) return this.unasked.holdBack(granted, walk, 'company-left-the-route');
    if (provider === chosen) return this.request(provider, granted, walk, pass);
    pass.leave('ignored');
    const other = this.companies.enter(provider);
    if (!('leave' in other)) {
      const { n, token } = granted;
      const unasked = { state: 'unknown', provider: provider.name, n, askAgain: true, errorCode: other.code } as const;
      if (!(await this.ledger.note(walk.message.messageId, unasked, token))) return this.unasked.overtaken(walk);
      return this.endings.repeatLater(walk, other.code, provider.name, other.forMs);
    }
    try {
      return await this.request(provider, granted, walk, other);
    } finally {
      other.leave('ignored');
    }
  }

  private async request(
    provider: SmsProvider,
    granted: Granted,
    walk: Walk,
    pass: Pass,
  ): Promise<HandlerResult | 'next'> {
    const again = granted.repeats !== undefined && !provider.capabilities.guardsDuplicates;
    const found = again ? await this.requests.lookUp(provider, granted, walk, pass) : undefined;
    const maybeDuplicate = again && found === undefined;
    if (maybeDuplicate && this.settings.onCrash === 'hold') return this.unasked.holdBack(granted, walk, 'worker-died');
    if (maybeDuplicate) this.maybeDuplicates.inc({ provider: provider.name });
    const noted = found ?? (await this.requests.make(provider, granted, walk, pass));
    if (!noted) return this.unasked.overtaken(walk);
    const { outcome, answer, words } = noted;
    walk.asked.add(provider);
    if (outcome.kind === 'accepted') {
      this.count(provider, walk);
      return this.endings.accepted(walk, answer, words, maybeDuplicate);
    }
    if (outcome.kind === 'unknown') {
      return provider.capabilities.guardsDuplicates
        ? this.endings.repeatLater(walk, outcome.code, provider.name)
        : this.endings.unknown(walk, outcome.code, provider.name);
    }
    const rejection = { ...outcome, provider: provider.name };
    walk.rejections.push(rejection);
    const goesOn = consequenceOf(outcome).failover && walk.way.providers.some((one) => !walk.asked.has(one));
    if (!goesOn) return this.endings.rejected(walk, walk.rejections);
    await this.endings.tellRejected(walk, rejection, { final: false });
    return 'next';
  }

  private count({ name: provider }: SmsProvider, { way }: Walk): void {
    const cost = way.costOf(provider);
    if (cost !== undefined) this.cost.inc({ provider, route: way.route ?? 'none' }, cost);
  }

  /** No company that is left may be asked at this moment. */
  private whileShut(walk: Walk, shut: readonly Shut[]): Promise<HandlerResult> {
    const forMs = Math.min(...shut.map((one) => one.forMs));
    return this.unasked.forNow(walk, [...walk.rejections, ...shut.map(notAsked)], { code: shut[0]!.code, forMs });
  }
}

const NO_SUCH_ROUTES: ProviderRejection = {
  kind: 'rejected',
  provider: NONE,
  class: 'RETRYABLE',
  scope: 'request',
  code: 'no-such-routes',
};

/** For what follows, a company that is not asked for the moment is like one that says so itself. */
const notAsked = ({ provider, code, forMs }: Shut): ProviderRejection => ({
  kind: 'rejected',
  provider,
  class: 'RETRYABLE',
  scope: 'provider',
  code,
  retryAfterMs: forMs,
});
