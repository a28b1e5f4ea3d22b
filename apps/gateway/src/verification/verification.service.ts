import { AppLogger, maskNumber, Sealer } from '@app/common';
import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { Caller } from '../access/caller.js';
import type { Send } from '../delivery/send.js';
import { GatewayMetrics } from '../gateway-metrics.js';
import { readNumber } from '../numbers/phone-number.js';
import { OutboxPublisher } from '../outbox/outbox-publisher.js';
import type { ServiceSettings } from '../services/service.config.js';
import { Services } from '../services/services.js';
import { codeText } from './code-text.js';
import { newCode, readCode } from './code.js';
import { KeyedHash } from './keyed-hash.js';
import * as refusals from './refusals.js';
import type { After } from './transitions.js';
import { isVerificationId, newVerificationId } from './verification-id.js';
import { VerificationStore, type InCooldown, type Missing, type OutboxFull } from './verification-store.js';
import type { Snapshot } from './verification-view.js';
import type { StartVerification } from './verification.requests.js';
import { isPending, newSend, newVerification, statusAt, type Verification } from './verification.js';

@Injectable()
export class VerificationService {
  constructor(
    private readonly services: Services,
    @Inject(VerificationStore) private readonly store: VerificationStore,
    private readonly outbox: OutboxPublisher,
    private readonly sealer: Sealer,
    private readonly hash: KeyedHash,
    private readonly metrics: GatewayMetrics,
    private readonly logger: AppLogger,
  ) {}

  /** Saved before it is published: a text that arrives always has a verification, and what was accepted is never lost. */
  async start(request: StartVerification, caller: Caller): Promise<Snapshot> {
    const now = new Date();
    const settings = this.services.of(caller.service);
    const number = this.numberOf(request.to, settings);
    const { verification, text } = this.draft(request, caller, settings, number, now);
    const entry = this.outbox.entryOf(text, now);
    const opened = await this.store.open(verification, entry, cooldownMs(verification), now);
    if (opened.kind !== 'opened') {
      this.metrics.started.inc({ outcome: opened.kind });
      throw this.refused(opened, verification, number.to, now);
    }
    this.metrics.started.inc({ outcome: await this.outbox.publish(entry, now) });
    return { verification, to: number.to, cooldownEnd: now.getTime() + cooldownMs(verification), now };
  }

  /** Also tells when the next text may be asked for, while one may. */
  async find(id: string, caller: Caller): Promise<Snapshot> {
    const now = new Date();
    const verification = await this.found(id, caller, now);
    const cooldownEnd = isPending(verification, now)
      ? await this.store.cooldownEnd(verification.numberHash, now)
      : undefined;
    return { verification, to: this.toOf(verification), cooldownEnd, now };
  }

  /** A wrong code is an answer; only what cannot be compared is refused, and uses up no attempt. */
  async check(
    id: string,
    typed: string,
    { service }: Caller,
  ): Promise<{ valid: boolean; verification: Verification; now: Date }> {
    const now = new Date();
    const code = readCode(typed) ?? '';
    const guess = { service, hash: this.hash.ofCode(id, code), length: code.length };
    const answer = await this.store.check(wellFormed(id), guess, now);
    this.metrics.checks.inc({ outcome: answer.kind });
    const { kind, verification } = this.pending(answer, now);
    if (kind === 'malformed') throw refusals.malformedCode(verification.codeLength);
    return { valid: kind === 'correct', verification, now };
  }

  /** Like `start`, with a code of its own; the codes before it live on. */
  async resend(id: string, caller: Caller): Promise<Snapshot> {
    const now = new Date();
    const known = await this.found(id, caller, now);
    const to = this.toOf(known);
    const code = newCode(known.codeLength);
    const send = this.sendOf(known, code, now);
    const entry = this.outbox.entryOf(codeText(known, send, { code, to }, this.sealer), now);
    const answer = this.pending(await this.store.resend(known, send, entry, cooldownMs(known), now), now);
    if (!('verification' in answer)) throw this.refused(answer, known, to, now);
    if (answer.kind === 'no_sends_left') throw refusals.noSendsLeft(known.maxSends);
    await this.outbox.publish(entry, now);
    return { verification: answer.verification, to, cooldownEnd: now.getTime() + cooldownMs(known), now };
  }

  async cancel(id: string, { service }: Caller): Promise<Snapshot> {
    const now = new Date();
    const { verification } = this.pending(await this.store.cancel(wellFormed(id), service, now), now);
    return { verification, to: this.toOf(verification), now };
  }

  private draft(
    request: StartVerification,
    { service }: Caller,
    settings: ServiceSettings,
    { to, unrecognized }: { to: string; unrecognized: boolean },
    now: Date,
  ) {
    const numberHash = this.hash.ofNumber(to);
    const id = newVerificationId(numberHash, now);
    const { codeLength, maxChecks, maxSends, codeTtlSeconds, resendCooldownSeconds, ...defaults } = settings;
    const code = newCode(codeLength);
    const terms = {
      id,
      service,
      sealedTo: this.sealer.seal(to, { messageId: id, field: 'to' }),
      numberHash,
      numberUnrecognized: unrecognized,
      channel: request.channel ?? 'sms',
      purpose: request.purpose ?? 'default',
      template: request.template ?? defaults.defaultTemplate,
      locale: request.locale ?? defaults.defaultLocale ?? (to.startsWith('+86') ? 'zh-CN' : 'en'),
      metadata: request.metadata ?? {},
      codeLength,
      maxChecks,
      maxSends,
      codeTtlSeconds,
      resendCooldownSeconds,
    };
    const send = this.sendOf(terms, code, now);
    const verification = newVerification(terms, send);
    return { verification, text: codeText(verification, send, { code, to }, this.sealer) };
  }

  private sendOf({ id, codeTtlSeconds }: Pick<Verification, 'id' | 'codeTtlSeconds'>, code: string, now: Date): Send {
    return newSend(randomUUID(), this.hash.ofCode(id, code), codeTtlSeconds, now);
  }

  private numberOf(text: string, { defaultRegion }: ServiceSettings): { to: string; unrecognized: boolean } {
    const number = readNumber(text, defaultRegion);
    if (number.kind === 'number') return number;
    this.metrics.started.inc({ outcome: 'invalid_number' });
    throw number.kind === 'impossible' ? refusals.invalidPhoneNumber() : refusals.unsupportedNumberType(number.type);
  }

  private async found(id: string, { service }: Caller, now: Date): Promise<Verification> {
    const verification = await this.store.find(wellFormed(id), now);
    if (verification?.service !== service) throw refusals.unknownVerification();
    return verification;
  }

  private pending<A extends InCooldown | OutboxFull | After<string>>(
    answer: A | Missing,
    now: Date,
  ): Exclude<A, Missing> {
    if (answer.kind === 'missing') throw refusals.unknownVerification();
    if (answer.kind === 'not_pending')
      throw refusals.notPending(statusAt((answer as After<'not_pending'>).verification, now));
    return answer as Exclude<A, Missing>;
  }

  private refused(answer: InCooldown | OutboxFull, { resendCooldownSeconds }: Verification, to: string, now: Date) {
    if (answer.kind === 'outbox_full') return refusals.outboxFull();
    this.metrics.limited.inc({ limit: 'number_cooldown' });
    this.logger.info({ limit: 'number_cooldown', to: maskNumber(to) }, 'refused');
    return refusals.destinationInCooldown(answer.endsAt, resendCooldownSeconds, now);
  }

  private toOf({ id, sealedTo }: Verification): string {
    return this.sealer.open(sealedTo, { messageId: id, field: 'to' });
  }
}

const cooldownMs = ({ resendCooldownSeconds }: Verification): number => resendCooldownSeconds * 1000;

function wellFormed(id: string): string {
  if (!isVerificationId(id)) throw refusals.unknownVerification();
  return id;
}
