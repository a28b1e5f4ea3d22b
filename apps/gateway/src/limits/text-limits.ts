import {
  AppLogger,
  maskNumber,
  RedisRefusedError,
  RedisUnavailableError,
  UnsealableError,
  type Problem,
} from '@app/common';
import { Inject, Injectable } from '@nestjs/common';
import { GatewayMetrics } from '../gateway-metrics.js';
import type { Limited } from '../verification/transitions.js';
import { VerificationStore } from '../verification/verification-store.js';
import { claimsOf, unprovenClaims, type TextSubject, type UnprovenSubject } from './claims.js';
import { Counters, type Claim } from './counters.js';
import type { LimitSettings } from './limits.config.js';
import type { Guessed, NumberHistory, NumberLimits } from './number-history.js';
import {
  checkViolations,
  longest,
  numberQuotas,
  numberViolations,
  quotasOf,
  strictest,
  violationsOf,
  type Quota,
  type Violation,
} from './quota.js';
import { limitExceeded } from './refusals.js';

/** A text that somebody asks for. */
export interface AskedText {
  readonly subject: TextSubject;
  readonly numberHash: string;
  /** E.164; logged masked. */
  readonly to: string;
  /** Whether it starts a verification; else it is one more text of it. */
  readonly starts: boolean;
}

/** The texts of a verification that was approved. */
export interface ProvenTexts extends UnprovenSubject {
  /** Epoch milliseconds. */
  readonly sentAt: readonly number[];
}

type Saved = { readonly kind: string } & ({ readonly history?: NumberHistory } | Limited);

/** What became of an asked text: a limit refused it, or the store answered. */
export type Admission<A> =
  | { readonly refusal: Problem }
  | { readonly refusal?: undefined; readonly answer: Exclude<A, Limited>; readonly quotas: readonly Quota[] };

/**
 * Every limit on a text, in this order:
 *
 * 1. one trip asks all counters at once: address, prefix, API key, service, country
 * 2. one step of the store decides the number's own limits and saves the text: `save`
 * 3. where either refuses, what the first trip counted is taken back: a refused request leaves nothing
 *
 * Where Redis answers the second with an error, likewise: nothing was saved.
 *
 * A refusal names every limit in the way, the number's too, and the wait after which none of them is. What is counted when
 * this process dies or Redis goes between the steps stays counted until its window has passed: too strict, never too lax.
 */
@Injectable()
export class TextLimits {
  constructor(
    @Inject(Counters) private readonly counters: Counters,
    @Inject(VerificationStore) private readonly store: VerificationStore,
    private readonly metrics: GatewayMetrics,
    private readonly logger: AppLogger,
  ) {}

  async admit<A extends Saved>(
    text: AskedText,
    limits: NumberLimits,
    now: Date,
    save: () => Promise<A>,
  ): Promise<Admission<A>> {
    const taken = await this.take(claimsOf(text.subject, limits), now);
    if (taken.violations.length > 0) {
      const [history] = await Promise.all([this.store.history(text.numberHash, now), this.refund(taken.claims, now)]);
      return { refusal: this.refuse(text, taken.violations, taken.quotas, history, limits, now) };
    }
    const answer = await this.saved(save, taken.claims, now);
    if (isLimited(answer)) {
      await this.refund(taken.claims, now);
      return { refusal: this.refuse(text, [], [], answer.history, limits, now) };
    }
    const history = 'history' in answer ? answer.history : undefined;
    if (!history) await this.refund(taken.claims, now); // not sent for another reason
    return {
      answer: answer as Exclude<A, Limited>,
      quotas: history ? strictest([...numberQuotas(history, limits, now), ...taken.quotas]) : [],
    };
  }

  /**
   * Texts whose verification was approved count no longer for their address and prefix. The approval stands, whatever
   * becomes of this. `proven` may throw
   * UnsealableError: its number does not open any more.
   */
  async approved(verificationId: string, proven: () => ProvenTexts, limits: LimitSettings): Promise<void> {
    try {
      const { sentAt, ...subject } = proven();
      await Promise.all(unprovenClaims(subject, limits).map((claim) => this.counters.release(claim, sentAt)));
    } catch (error) {
      if (!(error instanceof RedisUnavailableError || error instanceof UnsealableError)) throw error;
      this.logger.warn({ verificationId, reason: error.message }, 'texts of an approved verification stay counted');
    }
  }

  /** What the store decided about a check. */
  checkRefused(
    verification: Guessed & { readonly id: string },
    history: NumberHistory,
    limits: LimitSettings,
    now: Date,
  ): Problem {
    const violations = checkViolations(history, verification, limits, now);
    this.note(violations, { verificationId: verification.id });
    return limitExceeded(violations, [], now);
  }

  /** @throws what the counters throw; what could be counted is taken back as far as they answer. */
  private async take(claims: readonly Claim[], now: Date) {
    const answers = await Promise.allSettled(claims.map((claim) => this.counters.take(claim, now)));
    const fulfilled = claims.flatMap((claim, n) => {
      const answer = answers[n]!;
      return answer.status === 'fulfilled' ? [{ claim, taken: answer.value }] : [];
    });
    const taken = fulfilled.filter((one) => one.taken.taken).map(({ claim }) => claim);
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (failed) {
      await Promise.allSettled(taken.map((claim) => this.counters.release(claim, [now.getTime()])));
      throw failed.reason;
    }
    return {
      claims: taken,
      quotas: fulfilled.flatMap((one) => quotasOf(one.claim, one.taken)),
      violations: fulfilled.flatMap((one) => violationsOf(one.claim, one.taken)),
    };
  }

  /** Where nobody knows whether it was saved, it stays counted. */
  private async saved<A>(save: () => Promise<A>, claims: readonly Claim[], now: Date): Promise<A> {
    try {
      return await save();
    } catch (error) {
      if (error instanceof RedisRefusedError) await Promise.allSettled([this.refund(claims, now)]);
      throw error;
    }
  }

  private async refund(claims: readonly Claim[], now: Date): Promise<void> {
    await Promise.all(claims.map((claim) => this.counters.release(claim, [now.getTime()])));
  }

  private refuse(
    { to, starts, subject }: AskedText,
    counted: readonly Violation[],
    quotas: readonly Quota[],
    history: NumberHistory,
    limits: NumberLimits,
    now: Date,
  ): Problem {
    const its = numberViolations(history, limits, now, starts ? subject.service : undefined);
    const violations = longest([...its, ...counted]);
    this.note(violations, { to: maskNumber(to) });
    return limitExceeded(violations, strictest([...numberQuotas(history, limits, now), ...quotas]), now);
  }

  private note(violations: readonly Violation[], whose: object): void {
    for (const { policy } of violations) this.metrics.limited.inc({ limit: policy });
    this.logger.info({ limits: violations.map(({ policy }) => policy), ...whose }, 'refused');
  }
}

const isLimited = (answer: Saved): answer is Saved & Limited => answer.kind === 'limited';
