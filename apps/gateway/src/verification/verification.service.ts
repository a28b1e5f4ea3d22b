import { AppLogger, EventPublisher, maskNumber, mayArrive, Sealer } from '@app/common';
import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { Send } from '../delivery/send.js';
import { GatewayMetrics } from '../gateway-metrics.js';
import { readNumber } from '../numbers/phone-number.js';
import { codeText } from './code-text.js';
import { newCode, readCode } from './code.js';
import { KeyedHash } from './keyed-hash.js';
import * as refusals from './refusals.js';
import type { After } from './transitions.js';
import { isVerificationId, newVerificationId } from './verification-id.js';
import { VerificationStore, type InCooldown, type Missing } from './verification-store.js';
import type { Snapshot } from './verification-view.js';
import { VerificationSettings } from './verification.config.js';
import type { StartVerification } from './verification.requests.js';
import { isPending, newSend, newVerification, statusAt, type Verification } from './verification.js';

/** What is known of a text when its publish has come to an end. */
type Fate = 'queued' | 'perhaps_queued' | 'not_queued';

@Injectable()
export class VerificationService {
  constructor(
    private readonly settings: VerificationSettings,
    @Inject(VerificationStore) private readonly store: VerificationStore,
    private readonly publisher: EventPublisher,
    private readonly sealer: Sealer,
    private readonly hash: KeyedHash,
    private readonly metrics: GatewayMetrics,
    private readonly logger: AppLogger,
  ) {}

  /** Saved before it is announced: a text that arrives always has a verification to check against. */
  async start(request: StartVerification): Promise<Snapshot> {
    const now = new Date();
    const number = this.numberOf(request.to);
    const { verification, send, code } = this.draft(request, number, now);
    const opened = await this.store.open(verification, this.cooldownMs, now);
    if (opened.kind === 'in_cooldown') {
      this.metrics.started.inc({ outcome: opened.kind });
      throw this.limited(opened, number.to, now);
    }
    const fate = await this.announce(verification, send, { code, to: number.to }, now);
    this.metrics.started.inc({ outcome: fate });
    this.refuseUnlessQueued(fate, verification.id);
    return { verification, to: number.to, cooldownEnd: now.getTime() + this.cooldownMs, now };
  }

  /** Also tells when the next text may be asked for, while one may. */
  async find(id: string): Promise<Snapshot> {
    const now = new Date();
    const verification = await this.found(id, now);
    const cooldownEnd = isPending(verification, now)
      ? await this.store.cooldownEnd(verification.numberHash, now)
      : undefined;
    return { verification, to: this.toOf(verification), cooldownEnd, now };
  }

  /** A wrong code is an answer; only what cannot be compared is refused, and uses up no attempt. */
  async check(id: string, typed: string): Promise<{ valid: boolean; verification: Verification; now: Date }> {
    const now = new Date();
    const code = readCode(typed) ?? '';
    const guess = { hash: this.hash.ofCode(id, code), length: code.length };
    const answer = await this.store.check(wellFormed(id), guess, now);
    this.metrics.checks.inc({ outcome: answer.kind });
    const { kind, verification } = this.pending(answer, now);
    if (kind === 'malformed') throw refusals.malformedCode(verification.codeLength);
    return { valid: kind === 'correct', verification, now };
  }

  /** Like `start`, with a code of its own; the codes before it live on. */
  async resend(id: string): Promise<Snapshot> {
    const now = new Date();
    const known = await this.found(id, now);
    const to = this.toOf(known);
    const code = newCode(known.codeLength);
    const send = this.sendOf(id, code, now);
    const answer = this.pending(await this.store.resend(known, send, this.cooldownMs, now), now);
    if (answer.kind === 'in_cooldown') throw this.limited(answer, to, now);
    if (answer.kind === 'no_sends_left') throw refusals.noSendsLeft(known.maxSends);
    this.refuseUnlessQueued(await this.announce(answer.verification, send, { code, to }, now), id);
    return { verification: answer.verification, to, cooldownEnd: now.getTime() + this.cooldownMs, now };
  }

  async cancel(id: string): Promise<Snapshot> {
    const now = new Date();
    const { verification } = this.pending(await this.store.cancel(wellFormed(id), now), now);
    return { verification, to: this.toOf(verification), now };
  }

  /** Undone where the text certainly never left: then nothing was sent, and the number is not in cooldown. */
  private async announce(
    verification: Verification,
    send: Send,
    content: { code: string; to: string },
    now: Date,
  ): Promise<Fate> {
    const { messageId } = send;
    const outcome = await this.publisher.publish(codeText(verification, send, content, this.sealer), { messageId });
    if (outcome === 'confirmed') return 'queued';
    this.logger.warn({ verificationId: verification.id, messageId, outcome }, 'text not queued');
    if (mayArrive(outcome)) return 'perhaps_queued';
    await this.store.withdraw(verification, messageId, now);
    return 'not_queued';
  }

  private refuseUnlessQueued(fate: Fate, id: string): void {
    if (fate === 'not_queued') throw refusals.notQueued();
    if (fate === 'perhaps_queued') throw refusals.perhapsQueued(id, this.settings.resendCooldownSeconds);
  }

  private draft(request: StartVerification, { to, unrecognized }: { to: string; unrecognized: boolean }, now: Date) {
    const numberHash = this.hash.ofNumber(to);
    const id = newVerificationId(numberHash, now);
    const { codeLength, maxChecks, maxSends, defaultLocale } = this.settings;
    const code = newCode(codeLength);
    const send = this.sendOf(id, code, now);
    const terms = {
      id,
      sealedTo: this.sealer.seal(to, { messageId: id, field: 'to' }),
      numberHash,
      numberUnrecognized: unrecognized,
      channel: request.channel ?? 'sms',
      purpose: request.purpose ?? 'default',
      template: request.template ?? 'verification-code',
      locale: request.locale ?? defaultLocale ?? (to.startsWith('+86') ? 'zh-CN' : 'en'),
      metadata: request.metadata ?? {},
      codeLength,
      maxChecks,
      maxSends,
    };
    return { verification: newVerification(terms, send), send, code };
  }

  private sendOf(id: string, code: string, now: Date): Send {
    return newSend(randomUUID(), this.hash.ofCode(id, code), this.settings.codeTtlSeconds, now);
  }

  private numberOf(text: string): { to: string; unrecognized: boolean } {
    const number = readNumber(text, this.settings.defaultRegion);
    if (number.kind === 'number') return number;
    this.metrics.started.inc({ outcome: 'invalid_number' });
    throw number.kind === 'impossible' ? refusals.invalidPhoneNumber() : refusals.unsupportedNumberType(number.type);
  }

  private async found(id: string, now: Date): Promise<Verification> {
    const verification = await this.store.find(wellFormed(id), now);
    if (!verification) throw refusals.unknownVerification();
    return verification;
  }

  private pending<A extends InCooldown | After<string>>(answer: A | Missing, now: Date): Exclude<A, Missing> {
    if (answer.kind === 'missing') throw refusals.unknownVerification();
    if (answer.kind === 'not_pending')
      throw refusals.notPending(statusAt((answer as After<'not_pending'>).verification, now));
    return answer as Exclude<A, Missing>;
  }

  private limited({ endsAt }: InCooldown, to: string, now: Date) {
    this.metrics.limited.inc({ limit: 'number_cooldown' });
    this.logger.info({ limit: 'number_cooldown', to: maskNumber(to) }, 'refused');
    return refusals.destinationInCooldown(endsAt, this.settings.resendCooldownSeconds, now);
  }

  private toOf({ id, sealedTo }: Verification): string {
    return this.sealer.open(sealedTo, { messageId: id, field: 'to' });
  }

  private get cooldownMs(): number {
    return this.settings.resendCooldownSeconds * 1000;
  }
}

function wellFormed(id: string): string {
  if (!isVerificationId(id)) throw refusals.unknownVerification();
  return id;
}
