import { Problem, Sealer } from '@app/common';
import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '../access/caller.js';
import type { Send } from '../delivery/send.js';
import { GatewayMetrics } from '../gateway-metrics.js';
import type { RequestSeed, SeededRequest } from '../idempotency/request-seed.js';
import { originsOf } from '../limits/claims.js';
import { networkOf } from '../limits/ip-network.js';
import { nextTextAt, type NumberHistory } from '../limits/number-history.js';
import type { Quota } from '../limits/quota.js';
import { TextLimits } from '../limits/text-limits.js';
import { receiverOf, type Receiver } from '../numbers/receiver.js';
import { OutboxPublisher } from '../outbox/outbox-publisher.js';
import type { Service } from '../services/service.config.js';
import { Services } from '../services/services.js';
import { codeText } from './code-text.js';
import { newCode } from './code.js';
import { KeyedHash } from './keyed-hash.js';
import { LimitSubjects } from './limit-subjects.js';
import { NumberNames } from './number-names.js';
import * as refusals from './refusals.js';
import { mayResend, type After } from './transitions.js';
import { newVerificationId } from './verification-id.js';
import { VerificationLookup } from './verification-lookup.js';
import { VerificationStore, type Missing, type OutboxFull } from './verification-store.js';
import type { Snapshot } from './verification-view.js';
import type { StartVerification } from './verification.requests.js';
import { DEFAULT_PURPOSE, newSend, newVerification, type Verification } from './verification.js';

/** A verification that was just texted, and how the limits stand after it. */
export type Texted = Snapshot & { readonly quotas: readonly Quota[] };

/** Starts verifications, texts them again and cancels them. */
@Injectable()
export class VerificationService {
  constructor(
    private readonly services: Services,
    @Inject(VerificationStore) private readonly store: VerificationStore,
    private readonly lookup: VerificationLookup,
    private readonly subjects: LimitSubjects,
    private readonly limits: TextLimits,
    private readonly outbox: OutboxPublisher,
    private readonly sealer: Sealer,
    private readonly hash: KeyedHash,
    private readonly names: NumberNames,
    private readonly metrics: GatewayMetrics,
  ) {}

  /** Saved before it is published: a text that arrives always has a verification, and what was accepted is never lost. */
  async start(request: StartVerification, caller: Caller, seed: SeededRequest): Promise<Texted> {
    const now = new Date();
    const settings = this.services.of(caller.service);
    const number = this.receiverIn(request, settings);
    const numberHash = await this.names.current(number.to, now);
    const { verification, text } = this.draft(request, seed, caller, settings, { ...number, numberHash }, now);
    if (seed.again && (await this.store.find(verification.id, now))) return this.textedBefore(verification.id, caller);
    const entry = this.outbox.entryOf(text, now);
    const limits = this.lookup.limitsOf(verification);
    const admitted = await this.limits.admit(
      this.subjects.ofText(verification, number, caller, true),
      limits,
      now,
      () => this.store.open(verification, entry, limits, now),
    );
    if (admitted.refusal) throw this.notStarted('limited', admitted.refusal);
    if (admitted.answer.kind === 'outbox_full') throw this.notStarted('outbox_full', refusals.outboxFull());
    this.metrics.started.inc({ outcome: await this.outbox.publish(entry, now) });
    return this.texted(verification, number.to, admitted.answer.history, admitted.quotas, now);
  }

  /** Like `start`, with a code of its own; the codes before it live on. */
  async resend(id: string, caller: Caller, seed: SeededRequest): Promise<Texted> {
    const now = new Date();
    const known = await this.lookup.found(id, caller, now);
    if (seed.again && known.sends.some(({ messageId }) => messageId === seed.messageId))
      return this.textedBefore(id, caller);
    const may = mayResend(known, now);
    if (may !== 'yes') throw this.notResent({ kind: may, verification: known }, now);
    const number = receiverOf(this.lookup.toOf(known), null, this.services.limitsOf(known.service).countries);
    const code = newCode(known.codeLength);
    const send = this.sendOf(known, seed, code, now);
    const entry = this.outbox.entryOf(codeText(known, send, { code, to: number.to }, this.sealer), now);
    const limits = this.lookup.limitsOf(known);
    const admitted = await this.limits.admit(this.subjects.ofText(known, number, caller, false), limits, now, () =>
      this.store.resend(known, send, entry, limits, now),
    );
    if (admitted.refusal) throw admitted.refusal;
    const { answer, quotas } = admitted;
    if (answer.kind !== 'resent') throw this.notResent(answer, now);
    await this.outbox.publish(entry, now);
    return this.texted(answer.verification, number.to, answer.history, quotas, now);
  }

  async cancel(id: string, { service }: Caller): Promise<Snapshot> {
    const now = new Date();
    const { verification } = refusals.unlessOver(await this.store.cancel(refusals.wellFormed(id), service, now), now);
    return { verification, to: this.lookup.knownToOf(verification), now };
  }

  private draft(
    request: StartVerification,
    seed: RequestSeed,
    { id: keyId, service }: Caller,
    settings: Service,
    { to, unrecognized, numberHash }: Receiver & Pick<Verification, 'numberHash'>,
    now: Date,
  ) {
    const id = newVerificationId(numberHash, new Date(seed.at), seed.random);
    const { codeLength, maxChecks, maxSends, codeTtlSeconds, resendCooldownSeconds, ...defaults } = settings;
    const code = newCode(codeLength);
    const ip = request.client?.ip;
    const terms = {
      id,
      service,
      sealedTo: this.sealer.seal(to, { messageId: id, field: 'to' }),
      numberHash,
      numberUnrecognized: unrecognized,
      trusted: request.client?.trusted ?? false,
      origins: originsOf(service, keyId, ip ? this.hash.ofNetwork(networkOf(ip)) : undefined),
      channel: request.channel ?? 'sms',
      purpose: request.purpose ?? DEFAULT_PURPOSE,
      template: request.template ?? defaults.defaultTemplate,
      locale: request.locale ?? defaults.defaultLocale ?? (to.startsWith('+86') ? 'zh-CN' : 'en'),
      ...(defaults.routes ? { routes: defaults.routes } : {}),
      metadata: request.metadata ?? {},
      codeLength,
      maxChecks,
      maxSends,
      codeTtlSeconds,
      resendCooldownSeconds,
    };
    const send = this.sendOf(terms, seed, code, now);
    const verification = newVerification(terms, send);
    return { verification, text: codeText(verification, send, { code, to }, this.sealer) };
  }

  private sendOf(
    { id, codeTtlSeconds }: Pick<Verification, 'id' | 'codeTtlSeconds'>,
    { messageId }: RequestSeed,
    code: string,
    now: Date,
  ): Send {
    return newSend(messageId, this.hash.ofNewCode(id, code), codeTtlSeconds, now);
  }

  private receiverIn({ to }: StartVerification, { defaultRegion, limits }: Service): Receiver {
    try {
      return receiverOf(to, defaultRegion, limits.countries);
    } catch (error) {
      throw error instanceof Problem ? this.notStarted(error.details.code, error) : error;
    }
  }

  private notStarted(outcome: string, refusal: Problem): Problem {
    this.metrics.started.inc({ outcome });
    return refusal;
  }

  private texted(
    verification: Verification,
    to: string,
    history: NumberHistory,
    quotas: readonly Quota[],
    now: Date,
  ): Texted {
    return { verification, to, nextTextAt: nextTextAt(history, this.lookup.limitsOf(verification)), quotas, now };
  }

  /** By an earlier run of the same request, which nobody has heard of. */
  private async textedBefore(id: string, caller: Caller): Promise<Texted> {
    return { ...(await this.lookup.find(id, caller)), quotas: [] };
  }

  private notResent(answer: Missing | OutboxFull | After<'not_pending' | 'no_sends_left'>, now: Date): Problem {
    const pending = refusals.unlessOver(answer, now);
    return pending.kind === 'outbox_full' ? refusals.outboxFull() : refusals.noSendsLeft(pending.verification.maxSends);
  }
}
