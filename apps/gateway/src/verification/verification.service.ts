import { AppLogger, invalidRequest, keyIn, Problem, Sealer, UnsealableError } from '@app/common';
import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '../access/caller.js';
import type { Send } from '../delivery/send.js';
import { GatewayMetrics } from '../gateway-metrics.js';
import type { RequestSeed, SeededRequest } from '../idempotency/request-seed.js';
import { originsOf, type TextSubject } from '../limits/claims.js';
import type { LimitSettings } from '../limits/limits.config.js';
import { networkOf } from '../limits/ip-network.js';
import { nextTextAt, type NumberHistory, type NumberLimits } from '../limits/number-history.js';
import type { Quota } from '../limits/quota.js';
import { TextLimits, type ProvenTexts } from '../limits/text-limits.js';
import { prefixOf } from '../numbers/prefix.js';
import { receiverOf, type Receiver } from '../numbers/receiver.js';
import { OutboxPublisher } from '../outbox/outbox-publisher.js';
import type { Service } from '../services/service.config.js';
import { Services } from '../services/services.js';
import { codeText } from './code-text.js';
import { newCode, readCode } from './code.js';
import { KeyedHash, type Names } from './keyed-hash.js';
import { NumberNames } from './number-names.js';
import * as refusals from './refusals.js';
import { mayResend, type After, type Limited } from './transitions.js';
import { isVerificationId, newVerificationId } from './verification-id.js';
import { mergePages } from './verification-list.js';
import { VerificationStore, type Missing, type OutboxFull } from './verification-store.js';
import type { Checked, Snapshot } from './verification-view.js';
import type { CheckCodeOfNumber, ListVerifications, StartVerification } from './verification.requests.js';
import { isPending, newSend, newVerification, statusAt, type Verification } from './verification.js';

/** A verification that was just texted, and how the limits stand after it. */
export type Texted = Snapshot & { readonly quotas: readonly Quota[] };

const DEFAULT_PURPOSE = 'default';

type Pending<A> = A extends Missing
  ? never
  : A extends After<infer Kind>
    ? A & { kind: Exclude<Kind, 'not_pending'> }
    : A;

@Injectable()
export class VerificationService {
  constructor(
    private readonly services: Services,
    @Inject(VerificationStore) private readonly store: VerificationStore,
    private readonly limits: TextLimits,
    private readonly outbox: OutboxPublisher,
    private readonly sealer: Sealer,
    private readonly hash: KeyedHash,
    private readonly names: NumberNames,
    private readonly metrics: GatewayMetrics,
    private readonly logger: AppLogger,
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
    const limits = this.limitsOf(verification);
    const admitted = await this.limits.admit(this.asked(verification, number, caller, true), limits, now, () =>
      this.store.open(verification, entry, limits, now),
    );
    if (admitted.refusal) throw this.notStarted('limited', admitted.refusal);
    if (admitted.answer.kind === 'outbox_full') throw this.notStarted('outbox_full', refusals.outboxFull());
    this.metrics.started.inc({ outcome: await this.outbox.publish(entry, now) });
    return this.texted(verification, number.to, admitted.answer.history, admitted.quotas, now);
  }

  /** Also tells when the next text may be asked for, while one may. */
  async find(id: string, caller: Caller): Promise<Snapshot> {
    const now = new Date();
    const verification = await this.found(id, caller, now);
    const snapshot = { verification, to: this.knownToOf(verification), now };
    if (!isPending(verification, now)) return snapshot;
    const history = await this.store.history(verification.numberHash, now);
    return { ...snapshot, nextTextAt: nextTextAt(history, this.limitsOf(verification)) };
  }

  async list({ to, status, createdAfter, limit, cursor }: ListVerifications, { service }: Caller) {
    const now = new Date();
    const names = to === undefined ? [undefined] : this.names.all(this.numberIn(unescapedPlus(to), service));
    const filter = { service, status, createdAfter: createdAfter === undefined ? undefined : momentIn(createdAfter) };
    const page = { limit, after: cursor === undefined ? undefined : keyIn(cursor) };
    const pages = await Promise.all(names.map((numberHash) => this.store.list({ ...filter, numberHash }, page, now)));
    const { verifications, last } = mergePages(pages, limit);
    const snapshots = verifications.map((verification): Snapshot => ({
      verification,
      to: this.knownToOf(verification),
      now,
    }));
    return { snapshots, last };
  }

  /** A wrong code is an answer; only what cannot be compared is refused, and uses up no attempt. */
  async check(id: string, typed: string, { service }: Caller): Promise<Checked> {
    const now = new Date();
    const code = readCode(typed) ?? '';
    const guess = { service, hashes: this.hash.ofTypedCode(id, code), length: code.length };
    const limits = this.services.limitsOf(service);
    const answer = await this.store.check(wellFormed(id), guess, limits, now);
    this.metrics.checks.inc({ outcome: answer.kind });
    return this.checked(this.pending(answer, now), limits, now);
  }

  /** For callers who kept no id. */
  async checkByNumber({ to, code: typed, purpose }: CheckCodeOfNumber, { service }: Caller): Promise<Checked> {
    const now = new Date();
    const limits = this.services.limitsOf(service);
    const numberHash = await this.names.current(this.numberIn(to, service), now);
    const code = readCode(typed) ?? '';
    const hashesOf = (id: string) => this.hash.ofTypedCode(id, code);
    const guess = { service, purpose: purpose ?? DEFAULT_PURPOSE, length: code.length, hashesOf };
    const answer = await this.store.checkByNumber(numberHash, guess, limits, now);
    this.metrics.checks.inc({ outcome: answer.kind });
    if (answer.kind === 'missing') throw refusals.nothingPending();
    return this.checked(answer, limits, now);
  }

  /** Like `start`, with a code of its own; the codes before it live on. */
  async resend(id: string, caller: Caller, seed: SeededRequest): Promise<Texted> {
    const now = new Date();
    const known = await this.found(id, caller, now);
    if (seed.again && known.sends.some(({ messageId }) => messageId === seed.messageId))
      return this.textedBefore(id, caller);
    const may = mayResend(known, now);
    if (may !== 'yes') throw this.notResent({ kind: may, verification: known }, now);
    const number = receiverOf(this.toOf(known), null, this.services.limitsOf(known.service).countries);
    const code = newCode(known.codeLength);
    const send = this.sendOf(known, seed, code, now);
    const entry = this.outbox.entryOf(codeText(known, send, { code, to: number.to }, this.sealer), now);
    const limits = this.limitsOf(known);
    const admitted = await this.limits.admit(this.asked(known, number, caller, false), limits, now, () =>
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
    const { verification } = this.pending(await this.store.cancel(wellFormed(id), service, now), now);
    return { verification, to: this.knownToOf(verification), now };
  }

  /** Where texts may go is no matter here: they have gone. */
  private numberIn(to: string, service: string): string {
    return receiverOf(to, this.services.of(service).defaultRegion, undefined).to;
  }

  private async checked(
    answer: (After<'limited'> & Limited) | After<'malformed' | 'key_missing' | 'correct' | 'incorrect'>,
    limits: LimitSettings,
    now: Date,
  ): Promise<Checked> {
    const { kind, verification } = answer;
    if (kind === 'limited') throw this.limits.checkRefused(verification, answer.history, limits, now);
    if (kind === 'malformed') throw refusals.malformedCode(verification.codeLength);
    if (kind === 'key_missing') throw this.keyMissing(verification);
    if (kind === 'correct') await this.limits.approved(verification.id, () => this.provenBy(verification), limits);
    return { valid: kind === 'correct', verification, now };
  }

  private keyMissing({ id, sends }: Verification): Problem {
    const keyIds = [...new Set(sends.map(({ codeKeyId }) => codeKeyId))];
    this.logger.error({ verificationId: id, keyIds }, 'HASH_KEYS lacks the key of a code: it cannot be checked here');
    return refusals.codeKeyMissing();
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

  private limitsOf({ service, resendCooldownSeconds }: Verification): NumberLimits {
    return { ...this.services.limitsOf(service), cooldownSeconds: resendCooldownSeconds };
  }

  private asked(
    { service, numberHash, origins, trusted }: Verification,
    { to, country }: Receiver,
    caller: Caller,
    starts: boolean,
  ) {
    const subject: TextSubject = {
      service,
      keyId: caller.id,
      country,
      prefixNames: this.prefixNamesOf(to, service),
      numberNames: this.names.all(to),
      trusted,
      origins,
    };
    return { subject, numberHash, to, starts };
  }

  private provenBy(verification: Verification): ProvenTexts {
    const { service, origins, trusted, sends } = verification;
    const prefixNames = this.prefixNamesOf(this.toOf(verification), service);
    return { service, origins, prefixNames, trusted, sentAt: sends.map(({ queuedAt }) => queuedAt) };
  }

  private prefixNamesOf(to: string, service: string): Names {
    return this.hash.ofPrefix(prefixOf(to, this.services.limitsOf(service).prefixDigits));
  }

  private texted(
    verification: Verification,
    to: string,
    history: NumberHistory,
    quotas: readonly Quota[],
    now: Date,
  ): Texted {
    return { verification, to, nextTextAt: nextTextAt(history, this.limitsOf(verification)), quotas, now };
  }

  /** By an earlier run of the same request, which nobody has heard of. */
  private async textedBefore(id: string, caller: Caller): Promise<Texted> {
    return { ...(await this.find(id, caller)), quotas: [] };
  }

  private async found(id: string, { service }: Caller, now: Date): Promise<Verification> {
    const verification = await this.store.find(wellFormed(id), now);
    if (verification?.service !== service) throw refusals.unknownVerification();
    return verification;
  }

  private pending<A extends { readonly kind: string }>(answer: A, now: Date): Pending<A> {
    if (answer.kind === 'missing') throw refusals.unknownVerification();
    if (answer.kind === 'not_pending')
      throw refusals.notPending(statusAt((answer as unknown as After<'not_pending'>).verification, now));
    return answer as Pending<A>;
  }

  private notResent(answer: Missing | OutboxFull | After<'not_pending' | 'no_sends_left'>, now: Date): Problem {
    const pending = this.pending(answer, now);
    return pending.kind === 'outbox_full' ? refusals.outboxFull() : refusals.noSendsLeft(pending.verification.maxSends);
  }

  /** For what is only shown: undefined where the key that sealed it is gone. */
  private knownToOf(verification: Verification): string | undefined {
    try {
      return this.toOf(verification);
    } catch (error) {
      if (error instanceof UnsealableError) return undefined;
      throw error;
    }
  }

  private toOf({ id, sealedTo }: Verification): string {
    return this.sealer.open(sealedTo, { messageId: id, field: 'to' });
  }
}

/** In a query + means a space, and everybody forgets it. */
const unescapedPlus = (to: string): string => to.replace(/^ (?=\d)/, '+');

/** @throws Problem for the forms of ISO 8601 that JavaScript does not read, such as week dates. */
function momentIn(createdAfter: string): number {
  const moment = Date.parse(createdAfter);
  if (Number.isNaN(moment)) throw invalidRequest([{ pointer: '/createdAfter', detail: 'must be a moment' }]);
  return moment;
}

function wellFormed(id: string): string {
  if (!isVerificationId(id)) throw refusals.unknownVerification();
  return id;
}
