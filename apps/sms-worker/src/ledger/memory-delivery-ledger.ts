import {
  BESIDE,
  LEDGER_TTL_SECONDS,
  MAX_STRIKES,
  type Beside,
  type DeliveryLedger,
  type LedgerAnswer,
  type Reservation,
  type ReserveOptions,
  type SuspectBeside,
} from '@app/sms-provider';

type Granted = Extract<Reservation, { kind: 'granted' }>;

interface Reserved extends Pick<Granted, 'provider' | 'n' | 'repeats'> {
  readonly state: 'reserved';
}

interface Entry {
  readonly answer: LedgerAnswer | Reserved;
  /** Of whoever reserved last. */
  readonly token: string | undefined;
  /** Milliseconds since 1970; of a reservation only. */
  readonly leaseUntil: number;
  readonly keptUntil: number;
  /** Of a reservation. */
  readonly beside: Beside;
  readonly strikes: number;
}

/** For development and tests: gone with the process. */
export class MemoryDeliveryLedger implements DeliveryLedger {
  private readonly entries = new Map<string, Entry>();

  async reserve(messageId: string, provider: string, options: ReserveOptions): Promise<Reservation> {
    const { leaseMs, beside, token } = options;
    const now = Date.now();
    this.forgetOld(now);
    const entry = this.entries.get(messageId);
    const answer = entry?.answer;
    let strikes = entry?.strikes ?? 0;
    if (answer?.state === 'reserved' && entry!.token === token) {
      this.keep(messageId, { ...entry!, leaseUntil: now + leaseMs });
      return grantOf(answer, token);
    }
    if (answer?.state === 'reserved') {
      if (entry!.leaseUntil > now) return { kind: 'busy', leftMs: entry!.leaseUntil - now };
      const needed = afterDeath(entry!.beside);
      if (BESIDE.indexOf(beside) < BESIDE.indexOf(needed)) return { kind: 'suspect', beside: needed };
      if (entry!.beside === 'none') strikes++;
      if (strikes >= MAX_STRIKES) return { kind: 'poison' };
    }
    if (answer?.state === 'accepted' || (answer?.state === 'unknown' && !answer.askAgain))
      return { kind: 'settled', answer };
    const reserved: Reserved = { state: 'reserved', ...requestAfter(answer, provider) };
    this.keep(messageId, { answer: reserved, token, leaseUntil: now + leaseMs, beside, strikes });
    return grantOf(reserved, token);
  }

  async settle(messageId: string, answer: LedgerAnswer, token?: string): Promise<boolean> {
    const entry = this.entries.get(messageId);
    if (entry?.answer.state === 'accepted') return answer.state === 'accepted';
    if (entry && entry.token !== token && answer.state !== 'accepted') return false;
    this.keep(messageId, { answer, token, leaseUntil: 0, beside: 'any', strikes: 0 });
    return true;
  }

  async giveUp(messageId: string, errorCode: string): Promise<LedgerAnswer | undefined> {
    const entry = this.entries.get(messageId);
    if (entry?.answer.state === 'unknown' && !entry.answer.askAgain) return entry.answer;
    if (entry?.answer.state !== 'reserved' || entry.leaseUntil > Date.now()) return undefined;
    const { provider, n } = entry.answer;
    const answer: LedgerAnswer = { state: 'unknown', provider, n, errorCode };
    this.keep(messageId, { answer, token: undefined, leaseUntil: 0, beside: 'any', strikes: 0 });
    return answer;
  }

  async find(messageId: string): Promise<LedgerAnswer | 'reserved' | 'abandoned' | undefined> {
    const entry = this.entries.get(messageId);
    if (entry?.answer.state !== 'reserved') return entry?.answer;
    return entry.leaseUntil > Date.now() ? 'reserved' : 'abandoned';
  }

  private keep(messageId: string, entry: Omit<Entry, 'keptUntil'>): void {
    this.entries.delete(messageId); // the map stays in the order of keptUntil
    this.entries.set(messageId, { ...entry, keptUntil: Date.now() + LEDGER_TTL_SECONDS * 1000 });
  }

  private forgetOld(now: number): void {
    for (const [messageId, { keptUntil }] of this.entries) {
      if (keptUntil > now) return;
      this.entries.delete(messageId);
    }
  }
}

/** How a message is to be handled whose holder died handling it so. */
const afterDeath = (beside: Beside): SuspectBeside => (beside === 'any' ? 'few' : 'none');

/** What a new request follows: nothing, a rejection, an unknown outcome that may be repeated, or a holder that died. */
function requestAfter(before: Entry['answer'] | undefined, provider: string): Omit<Reserved, 'state'> {
  switch (before?.state) {
    case undefined:
      return { provider, n: 0 };
    case 'rejected':
      return { provider, n: before.n + 1 };
    case 'reserved':
      return { provider: before.provider, n: before.n, repeats: 'crash' };
    case 'unknown':
    case 'accepted':
      return { provider: before.provider, n: before.n, repeats: 'unknown' };
  }
}

const grantOf = ({ provider, n, repeats }: Reserved, token: string): Granted => ({
  kind: 'granted',
  provider,
  n,
  token,
  ...(repeats === undefined ? {} : { repeats }),
});
