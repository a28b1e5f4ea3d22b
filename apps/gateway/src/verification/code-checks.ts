import { AppLogger, type Problem } from '@app/common';
import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '../access/caller.js';
import { GatewayMetrics } from '../gateway-metrics.js';
import type { LimitSettings } from '../limits/limits.config.js';
import { TextLimits } from '../limits/text-limits.js';
import { Services } from '../services/services.js';
import { readCode } from './code.js';
import { KeyedHash } from './keyed-hash.js';
import { LimitSubjects } from './limit-subjects.js';
import { NumberNames } from './number-names.js';
import * as refusals from './refusals.js';
import type { After, Limited } from './transitions.js';
import { VerificationLookup } from './verification-lookup.js';
import { VerificationStore } from './verification-store.js';
import type { Checked } from './verification-view.js';
import type { CheckCodeOfNumber } from './verification.requests.js';
import { DEFAULT_PURPOSE, type Verification } from './verification.js';

/** Compares the codes that people type. A wrong one is an answer; only what cannot be compared is refused, and uses up no attempt. */
@Injectable()
export class CodeChecks {
  constructor(
    private readonly services: Services,
    @Inject(VerificationStore) private readonly store: VerificationStore,
    private readonly lookup: VerificationLookup,
    private readonly limits: TextLimits,
    private readonly subjects: LimitSubjects,
    private readonly hash: KeyedHash,
    private readonly names: NumberNames,
    private readonly metrics: GatewayMetrics,
    private readonly logger: AppLogger,
  ) {}

  async check(id: string, typed: string, { service }: Caller): Promise<Checked> {
    const now = new Date();
    const code = readCode(typed) ?? '';
    const guess = { service, hashes: this.hash.ofTypedCode(id, code), length: code.length };
    const limits = this.services.limitsOf(service);
    const answer = await this.store.check(refusals.wellFormed(id), guess, limits, now);
    this.metrics.checks.inc({ outcome: answer.kind });
    return this.checked(refusals.unlessOver(answer, now), limits, now);
  }

  /** For callers who kept no id. */
  async checkByNumber({ to, code: typed, purpose }: CheckCodeOfNumber, { service }: Caller): Promise<Checked> {
    const now = new Date();
    const limits = this.services.limitsOf(service);
    const numberHash = await this.names.current(this.lookup.numberIn(to, service), now);
    const code = readCode(typed) ?? '';
    const hashesOf = (id: string) => this.hash.ofTypedCode(id, code);
    const guess = { service, purpose: purpose ?? DEFAULT_PURPOSE, length: code.length, hashesOf };
    const answer = await this.store.checkByNumber(numberHash, guess, limits, now);
    this.metrics.checks.inc({ outcome: answer.kind });
    if (answer.kind === 'missing') throw refusals.nothingPending();
    return this.checked(answer, limits, now);
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
    if (kind === 'correct')
      await this.limits.approved(verification.id, () => this.subjects.ofApproved(verification), limits);
    return { valid: kind === 'correct', verification, now };
  }

  private keyMissing({ id, sends }: Verification): Problem {
    const keyIds = [...new Set(sends.map(({ codeKeyId }) => codeKeyId))];
    this.logger.error({ verificationId: id, keyIds }, 'HASH_KEYS lacks the key of a code: it cannot be checked here');
    return refusals.codeKeyMissing();
  }
}
