import type { Outcome, Send } from '../delivery/send.js';
import type { MemoryOutbox } from '../outbox/memory-outbox.js';
import type { OutboxEntry } from '../outbox/outbox.js';
import { cancel, check, mayResend, noteOutcome, resend, type After, type Guess } from './transitions.js';
import { tagIn } from './verification-id.js';
import { keptUntil, type Verification } from './verification.js';
import type { InCooldown, Missing, OutboxFull, VerificationStore } from './verification-store.js';

const MISSING: Missing = { kind: 'missing' };
const OUTBOX_FULL: OutboxFull = { kind: 'outbox_full' };

/** For development and tests: lost with the process, and the oldest are forgotten early beyond `limit`. */
export class MemoryVerificationStore implements VerificationStore {
  private readonly verifications = new Map<string, Verification>();
  /** When each number's cooldown ends, epoch milliseconds. */
  private readonly cooldowns = new Map<string, number>();

  constructor(
    private readonly outbox: MemoryOutbox,
    private readonly limit = 10_000,
  ) {}

  async open(
    verification: Verification,
    text: OutboxEntry,
    cooldownMs: number,
    now: Date,
  ): Promise<InCooldown | OutboxFull | { readonly kind: 'opened' }> {
    const inCooldown = this.inCooldown(verification.numberHash, now);
    if (inCooldown) return inCooldown;
    const tag = tagIn(verification.id);
    if (this.outbox.isFull(tag)) return OUTBOX_FULL;
    this.prune(now);
    this.startCooldown(verification, cooldownMs, now);
    this.outbox.put(tag, text);
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
    return this.change(
      id,
      now,
      (verification) => missingTo(guess.service, verification) ?? check(verification, guess, now),
    );
  }

  async resend(
    { id }: Pick<Verification, 'id' | 'numberHash'>,
    send: Send,
    text: OutboxEntry,
    cooldownMs: number,
    now: Date,
  ) {
    return this.change(id, now, (verification) => {
      const may = mayResend(verification, now);
      if (may !== 'yes') return { kind: may, verification };
      const inCooldown = this.inCooldown(verification.numberHash, now);
      if (inCooldown) return inCooldown;
      if (this.outbox.isFull(tagIn(id))) return OUTBOX_FULL;
      this.startCooldown(verification, cooldownMs, now);
      this.outbox.put(tagIn(id), text);
      return { kind: 'resent', verification: resend(verification, send) } as const;
    });
  }

  async cancel(id: string, service: string, now: Date) {
    return this.change(id, now, (verification) => missingTo(service, verification) ?? cancel(verification, now));
  }

  async noteOutcome(id: string, outcome: Outcome, now: Date) {
    return this.change(id, now, (verification) => noteOutcome(verification, outcome, now));
  }

  private async change<R extends After<string> | InCooldown | OutboxFull | Missing>(
    id: string,
    now: Date,
    rule: (verification: Verification) => R,
  ): Promise<R | Missing> {
    const verification = this.verifications.get(id);
    if (!verification || now.getTime() >= keptUntil(verification)) return MISSING;
    const after = rule(verification);
    if (!('verification' in after)) return after;
    this.verifications.set(id, after.verification);
    if (verification.status === 'pending' && after.verification.status !== 'pending') {
      const messageIds = verification.sends.map(({ messageId }) => messageId);
      await this.outbox.remove(tagIn(id), messageIds);
    }
    return after;
  }

  private inCooldown(numberHash: string, now: Date): InCooldown | undefined {
    const endsAt = this.cooldowns.get(numberHash) ?? 0;
    return now.getTime() < endsAt ? { kind: 'in_cooldown', endsAt } : undefined;
  }

  private startCooldown({ numberHash }: Verification, cooldownMs: number, now: Date): void {
    this.cooldowns.delete(numberHash); // set again, it moves to the end, where `prune` finds it last
    this.cooldowns.set(numberHash, now.getTime() + cooldownMs);
  }

  /** Oldest first, so a start costs a step or two however many are kept. */
  private prune(now: Date): void {
    for (const [id, verification] of this.verifications) {
      if (this.verifications.size < this.limit && now.getTime() < keptUntil(verification)) break;
      this.verifications.delete(id);
    }
    for (const [numberHash, endsAt] of this.cooldowns) {
      if (now.getTime() < endsAt) break;
      this.cooldowns.delete(numberHash);
    }
  }
}

const missingTo = (service: string, verification: Verification): Missing | undefined =>
  verification.service === service ? undefined : MISSING;
