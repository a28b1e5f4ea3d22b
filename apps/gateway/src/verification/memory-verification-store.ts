import type { Outcome, Send } from '../delivery/send.js';
import { cancel, check, mayResend, noteOutcome, resend, withdraw, type After, type Guess } from './transitions.js';
import { keptUntil, type Verification } from './verification.js';
import type { InCooldown, Missing, VerificationStore } from './verification-store.js';

interface Cooldown {
  readonly endsAt: number;
  readonly messageId: string;
}

const MISSING: Missing = { kind: 'missing' };

/** For development and tests: lost with the process, and the oldest are forgotten early beyond `limit`. */
export class MemoryVerificationStore implements VerificationStore {
  private readonly verifications = new Map<string, Verification>();
  private readonly cooldowns = new Map<string, Cooldown>();

  constructor(private readonly limit = 10_000) {}

  async open(
    verification: Verification,
    cooldownMs: number,
    now: Date,
  ): Promise<InCooldown | { readonly kind: 'opened' }> {
    const inCooldown = this.inCooldown(verification.numberHash, now);
    if (inCooldown) return inCooldown;
    this.prune(now);
    for (const send of verification.sends) this.startCooldown(verification, send, cooldownMs, now);
    this.verifications.set(verification.id, verification);
    return { kind: 'opened' };
  }

  async find(id: string, now: Date): Promise<Verification | undefined> {
    const verification = this.verifications.get(id);
    return verification && now.getTime() < keptUntil(verification) ? verification : undefined;
  }

  async cooldownEnd(numberHash: string, now: Date): Promise<number | undefined> {
    return this.inCooldown(numberHash, now)?.endsAt;
  }

  async check(id: string, guess: Guess, now: Date) {
    return this.change(id, now, (verification) => check(verification, guess, now));
  }

  async resend({ id }: Pick<Verification, 'id' | 'numberHash'>, send: Send, cooldownMs: number, now: Date) {
    return this.change(id, now, (verification) => {
      const may = mayResend(verification, now);
      if (may !== 'yes') return { kind: may, verification };
      const inCooldown = this.inCooldown(verification.numberHash, now);
      if (inCooldown) return inCooldown;
      this.startCooldown(verification, send, cooldownMs, now);
      return { kind: 'resent', verification: resend(verification, send) } as const;
    });
  }

  async cancel(id: string, now: Date) {
    return this.change(id, now, (verification) => cancel(verification, now));
  }

  async withdraw({ id, numberHash }: Pick<Verification, 'id' | 'numberHash'>, messageId: string): Promise<void> {
    if (this.cooldowns.get(numberHash)?.messageId === messageId) this.cooldowns.delete(numberHash);
    const verification = this.verifications.get(id);
    const rest = verification && withdraw(verification, messageId);
    if (rest) this.verifications.set(id, rest);
    else this.verifications.delete(id);
  }

  async noteOutcome(id: string, outcome: Outcome, now: Date) {
    return this.change(id, now, (verification) => noteOutcome(verification, outcome, now));
  }

  private change<R extends After<string> | InCooldown>(
    id: string,
    now: Date,
    rule: (verification: Verification) => R,
  ): R | Missing {
    const verification = this.verifications.get(id);
    if (!verification || now.getTime() >= keptUntil(verification)) return MISSING;
    const after = rule(verification);
    if ('verification' in after) this.verifications.set(id, after.verification);
    return after;
  }

  private inCooldown(numberHash: string, now: Date): InCooldown | undefined {
    const endsAt = this.cooldowns.get(numberHash)?.endsAt ?? 0;
    return now.getTime() < endsAt ? { kind: 'in_cooldown', endsAt } : undefined;
  }

  private startCooldown({ numberHash }: Verification, { messageId }: Send, cooldownMs: number, now: Date): void {
    this.cooldowns.delete(numberHash); // set again, it moves to the end, where `prune` finds it last
    this.cooldowns.set(numberHash, { endsAt: now.getTime() + cooldownMs, messageId });
  }

  /** Oldest first, so a start costs a step or two however many are kept. */
  private prune(now: Date): void {
    for (const [id, verification] of this.verifications) {
      if (this.verifications.size < this.limit && now.getTime() < keptUntil(verification)) break;
      this.verifications.delete(id);
    }
    for (const [numberHash, { endsAt }] of this.cooldowns) {
      if (now.getTime() < endsAt) break;
      this.cooldowns.delete(numberHash);
    }
  }
}
