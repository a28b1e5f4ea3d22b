import { LEDGER_TTL_SECONDS, type DeliveryLedger, type LedgerAnswer, type Reservation } from '@app/sms-provider';

interface Entry {
  readonly answer: LedgerAnswer | { readonly state: 'reserved'; readonly provider: string; readonly n: number };
  /** Milliseconds since 1970; of a reservation only. */
  readonly leaseUntil: number;
  readonly keptUntil: number;
}

/** For development and tests: gone with the process. */
export class MemoryDeliveryLedger implements DeliveryLedger {
  private readonly entries = new Map<string, Entry>();

  async reserve(messageId: string, provider: string, leaseMs: number): Promise<Reservation> {
    const now = Date.now();
    this.forgetOld(now);
    const entry = this.entries.get(messageId);
    const answer = entry?.answer;
    if (answer?.state === 'reserved' && entry!.leaseUntil > now)
      return { kind: 'busy', leftMs: entry!.leaseUntil - now };
    if (answer?.state === 'accepted' || (answer?.state === 'unknown' && !answer.askAgain))
      return { kind: 'settled', answer };
    const granted = grantAfter(answer, provider);
    this.keep(messageId, { state: 'reserved', provider: granted.provider, n: granted.n }, now, now + leaseMs);
    return granted;
  }

  async settle(messageId: string, answer: LedgerAnswer): Promise<void> {
    const known = this.entries.get(messageId)?.answer;
    const late = known !== undefined && known.n !== answer.n && answer.state !== 'accepted';
    if (known?.state === 'accepted' || late) return;
    this.keep(messageId, answer, Date.now(), 0);
  }

  async find(messageId: string): Promise<LedgerAnswer | 'reserved' | 'abandoned' | undefined> {
    const entry = this.entries.get(messageId);
    if (entry?.answer.state !== 'reserved') return entry?.answer;
    return entry.leaseUntil > Date.now() ? 'reserved' : 'abandoned';
  }

  private keep(messageId: string, answer: Entry['answer'], now: number, leaseUntil: number): void {
    this.entries.delete(messageId); // the map stays in the order of keptUntil
    this.entries.set(messageId, { answer, leaseUntil, keptUntil: now + LEDGER_TTL_SECONDS * 1000 });
  }

  private forgetOld(now: number): void {
    for (const [messageId, { keptUntil }] of this.entries) {
      if (keptUntil > now) return;
      this.entries.delete(messageId);
    }
  }
}

/** What a new request follows: nothing, a rejection, an unknown outcome that may be repeated, or a holder that died. */
function grantAfter(before: Entry['answer'] | undefined, provider: string): Extract<Reservation, { kind: 'granted' }> {
  switch (before?.state) {
    case undefined:
      return { kind: 'granted', provider, n: 0 };
    case 'rejected':
      return { kind: 'granted', provider, n: before.n + 1 };
    case 'reserved':
      return { kind: 'granted', provider: before.provider, n: before.n, repeats: 'crash' };
    case 'unknown':
    case 'accepted':
      return { kind: 'granted', provider: before.provider, n: before.n, repeats: 'unknown' };
  }
}
