import type { Outcome, Send } from '../delivery/send.js';
import type { LimitSettings } from '../limits/limits.config.js';
import {
  adopt,
  DAY_MS,
  nextTextAt,
  NO_HISTORY,
  noteEnd,
  notePending,
  noteText,
  pendingEnd,
  recent,
  type NumberHistory,
  type NumberLimits,
} from '../limits/number-history.js';
import type { MemoryOutbox } from '../outbox/memory-outbox.js';
import type { OutboxEntry } from '../outbox/outbox.js';
import { checkByNumber, type NumberGuess } from './check-by-number.js';
import { cancel, check, mayResend, noteOutcome, resend, type After, type Guess, type Limited } from './transitions.js';
import { tagIn } from './verification-id.js';
import { keptUntil, type Verification } from './verification.js';
import { keyOf, newestFirst, pageIn, type ListFilter, type Listed, type PageAsked } from './verification-list.js';
import type { Erased, Missing, OutboxFull, VerificationStore } from './verification-store.js';

const MISSING: Missing = { kind: 'missing' };
const OUTBOX_FULL: OutboxFull = { kind: 'outbox_full' };

/** For development and tests: lost with the process, and the oldest are forgotten early beyond `limit`. */
export class MemoryVerificationStore implements VerificationStore {
  private readonly verifications = new Map<string, Verification>();
  /** By number, the one that changed longest ago first. */
  private readonly histories = new Map<string, { readonly history: NumberHistory; readonly changedAt: number }>();

  constructor(
    private readonly outbox: MemoryOutbox,
    private readonly limit = 10_000,
  ) {}

  async open(verification: Verification, text: OutboxEntry, limits: NumberLimits, now: Date) {
    const { id, numberHash, service } = verification;
    const history = this.historyOf(numberHash, now);
    if (now.getTime() < Math.max(nextTextAt(history, limits), pendingEnd(history, service, limits)))
      return limited(history);
    if (this.outbox.isFull(tagIn(id))) return OUTBOX_FULL;
    this.prune(now);
    this.outbox.put(tagIn(id), text);
    this.verifications.set(id, verification);
    const after = notePending(noteText(history, now), verification);
    this.remember(numberHash, after, now);
    return { kind: 'opened', history: after } as const;
  }

  async find(id: string, now: Date): Promise<Verification | undefined> {
    const verification = this.verifications.get(id);
    return verification && now.getTime() < keptUntil(verification) ? verification : undefined;
  }

  async list(filter: ListFilter, { limit, after }: PageAsked, now: Date): Promise<Listed> {
    const all = [...this.verifications.values()]
      .filter((verification) => !after || newestFirst(keyOf(verification), after) > 0)
      .sort((a, b) => newestFirst(keyOf(a), keyOf(b)));
    return pageIn(all.map(keyOf), false, all, filter, limit, now);
  }

  async history(numberHash: string, now: Date): Promise<NumberHistory> {
    return this.historyOf(numberHash, now);
  }

  async adopt(numberHash: string, other: NumberHistory, now: Date): Promise<void> {
    this.remember(numberHash, adopt(this.historyOf(numberHash, now), other), now);
  }

  async check(id: string, guess: Guess, limits: LimitSettings, now: Date) {
    return this.change(id, now, (verification) => {
      if (verification.service !== guess.service) return MISSING;
      const { history, ...after } = check(
        verification,
        this.historyOf(verification.numberHash, now),
        guess,
        limits,
        now,
      );
      if (after.kind === 'limited') return { ...after, history };
      if (after.verification !== verification) this.remember(verification.numberHash, history, now);
      return after as After<Exclude<typeof after.kind, 'limited'>>;
    });
  }

  async checkByNumber(numberHash: string, guess: NumberGuess, limits: LimitSettings, now: Date) {
    const before = this.historyOf(numberHash, now);
    const verifications = before.pending.flatMap(({ id }) => this.verifications.get(id) ?? []);
    const after = checkByNumber(verifications, before, guess, limits, now);
    if (!after) return MISSING;
    const { kind, verification, changed, history } = after;
    if (kind === 'limited') return { kind, verification, history };
    if (changed.length > 0) this.remember(numberHash, history, now);
    await Promise.all(changed.map((one) => this.keep(one)));
    return { kind, verification };
  }

  async resend(
    { id }: Pick<Verification, 'id' | 'numberHash'>,
    send: Send,
    text: OutboxEntry,
    limits: NumberLimits,
    now: Date,
  ) {
    return this.change(id, now, (verification) => {
      const may = mayResend(verification, now);
      if (may !== 'yes') return { kind: may, verification };
      const history = this.historyOf(verification.numberHash, now);
      if (now.getTime() < nextTextAt(history, limits)) return limited(history);
      if (this.outbox.isFull(tagIn(id))) return OUTBOX_FULL;
      this.outbox.put(tagIn(id), text);
      const resent = resend(verification, send);
      const after = notePending(noteText(history, now), resent);
      this.remember(verification.numberHash, after, now);
      return { kind: 'resent', verification: resent, history: after } as const;
    });
  }

  async cancel(id: string, service: string, now: Date) {
    return this.change(id, now, (verification) =>
      verification.service === service ? this.forgetEnded(cancel(verification, now), now) : MISSING,
    );
  }

  async noteOutcome(id: string, outcome: Outcome, now: Date) {
    return this.change(id, now, (verification) => this.forgetEnded(noteOutcome(verification, outcome, now), now));
  }

  async erase(numberHash: string, service: string | undefined, now: Date): Promise<Erased> {
    const own = [...this.verifications.values()].filter(
      (one) =>
        one.numberHash === numberHash &&
        (service === undefined || one.service === service) &&
        now.getTime() < keptUntil(one),
    );
    let texts = 0;
    for (const { id, sends } of own) {
      const messageIds = sends.map(({ messageId }) => messageId);
      texts += this.outbox.drop(tagIn(id), messageIds);
      this.verifications.delete(id);
    }
    const known = this.histories.get(numberHash);
    if (known) {
      const history = own.reduce((its, { id }) => noteEnd(its, id), known.history);
      this.histories.set(numberHash, { ...known, history }); // in its place: it is forgotten no later than it would have been
    }
    return { verifications: own.length, texts };
  }

  private async change<R extends After<string> | Limited | OutboxFull | Missing>(
    id: string,
    now: Date,
    rule: (verification: Verification) => R,
  ): Promise<R | Missing> {
    const verification = this.verifications.get(id);
    if (!verification || now.getTime() >= keptUntil(verification)) return MISSING;
    const after = rule(verification);
    if (!('verification' in after)) return after;
    await this.keep(after.verification);
    return after;
  }

  /** With what ended go its texts. */
  private async keep(verification: Verification): Promise<void> {
    const { id, sends, status } = verification;
    this.verifications.set(id, verification);
    if (status === 'pending') return;
    const messageIds = sends.map(({ messageId }) => messageId);
    await this.outbox.remove(tagIn(id), messageIds);
  }

  private historyOf(numberHash: string, now: Date): NumberHistory {
    return recent(this.histories.get(numberHash)?.history ?? NO_HISTORY, now);
  }

  private remember(numberHash: string, history: NumberHistory, now: Date): void {
    this.histories.delete(numberHash); // set again, it moves to the end, where `prune` finds it last
    this.histories.set(numberHash, { history, changedAt: now.getTime() });
  }

  private forgetEnded<A extends After<string>>(after: A, now: Date): A {
    const { id, numberHash, status } = after.verification;
    if (status !== 'pending') this.remember(numberHash, noteEnd(this.historyOf(numberHash, now), id), now);
    return after;
  }

  /** Oldest first, so a start costs a step or two however many are kept. */
  private prune(now: Date): void {
    for (const [id, verification] of this.verifications) {
      if (this.verifications.size < this.limit && now.getTime() < keptUntil(verification)) break;
      this.verifications.delete(id);
    }
    for (const [numberHash, { changedAt }] of this.histories) {
      if (this.histories.size < this.limit && now.getTime() < changedAt + DAY_MS) break;
      this.histories.delete(numberHash);
    }
  }
}

const limited = (history: NumberHistory): Limited => ({ kind: 'limited', history });
