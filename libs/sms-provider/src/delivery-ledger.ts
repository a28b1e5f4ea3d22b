import type { RejectionClass, RejectionScope } from './sms-provider.js';

/** What became of each messageId, kept 7 days. Implementations: memory and Redis; each call is one atomic step. */
export interface DeliveryLedger {
  /**
   * Asks for the right to ask a company for this message, before it is asked. `provider` is where the caller would go; a
   * grant may name another one, where an earlier request may still be under way. After `leaseMs` (by the ledger's clock, and
   * longer than one request can take) whoever reserved counts as dead, and the message as a suspect: it may be what killed
   * the process. After one death a suspect is granted to who handles a few of them `beside` one another: hundreds were only
   * beside whichever killed it. From its second death on it is granted only to who handles no other; a death then is its
   * strike.
   * Who has the reservation already, as `token` shows, did not hear of it: the same grant again, with a whole lease.
   * @throws RedisUnavailableError: nothing may be asked.
   */
  reserve(messageId: string, provider: string, options: ReserveOptions): Promise<Reservation>;
  /**
   * Notes the answer to request `n`, after it is known and before anybody is told. Once accepted a message stays accepted,
   * also where the acceptance comes late. Any other answer counts only from whoever reserved last, as `token` shows. False:
   * it changes nothing, because somebody else has the message now, or it is accepted.
   * @throws RedisUnavailableError: not noted; ask again.
   */
  settle(messageId: string, answer: LedgerAnswer, token?: string): Promise<boolean>;
  /**
   * Nobody will ask again about a request whose maker died: notes it as unknown for good, and gives that answer, also when
   * asked again. Undefined where somebody has the message, or knows more of it.
   * @throws RedisUnavailableError
   */
  giveUp(messageId: string, errorCode: string): Promise<LedgerAnswer | undefined>;
  /**
   * What is known of a message, without reserving it. `abandoned`: whoever reserved it is dead, and may have asked.
   * @throws RedisUnavailableError
   */
  find(messageId: string): Promise<LedgerAnswer | 'reserved' | 'abandoned' | undefined>;
}

export interface ReserveOptions {
  readonly leaseMs: number;
  /** What else the caller handles meanwhile. */
  readonly beside: Beside;
  /** Whoever asks, by a random name: the same for each try of one call, another one for each call. */
  readonly token: string;
}

/** What is handled beside a message: anything, a few suspects at most, or no other suspect. From the least careful on. */
export const BESIDE = ['any', 'few', 'none'] as const;
export type Beside = (typeof BESIDE)[number];
/** How a suspect is to be handled. */
export type SuspectBeside = Exclude<Beside, 'any'>;

/** So many deaths of whoever handled no other suspect, and a message is poison. */
export const MAX_STRIKES = 3;

/** The answer to the n-th request for one message. */
export interface LedgerAnswer {
  readonly state: 'accepted' | 'rejected' | 'unknown';
  readonly provider: string;
  /** Rises after each rejection and stays after an unknown outcome: see `referenceOf`. From 0. */
  readonly n: number;
  /** With `unknown`: the company refuses what it has had, so the same request may be made again. */
  readonly askAgain?: boolean;
  readonly providerMessageId?: string;
  readonly errorClass?: RejectionClass;
  readonly errorScope?: RejectionScope;
  readonly errorCode?: string;
}

export type Reservation =
  /**
   * The caller asks `provider` with the reference of `n`, and settles with its `token`. `repeats` says that this request may have been made before: its
   * outcome was `unknown`, or who made it died (`crash`).
   */
  | {
      readonly kind: 'granted';
      readonly provider: string;
      readonly n: number;
      readonly token: string;
      readonly repeats?: 'unknown' | 'crash';
    }
  /** Somebody else is asking at this moment, and counts as dead after `leftMs`. */
  | { readonly kind: 'busy'; readonly leftMs: number }
  /** Whoever reserved it died. Ask again with nothing more than this beside it. */
  | { readonly kind: 'suspect'; readonly beside: SuspectBeside }
  /** It has killed whoever handled it, time and again. */
  | { readonly kind: 'poison' }
  /** Accepted, or unknown for good: nobody is to be asked. */
  | { readonly kind: 'settled'; readonly answer: LedgerAnswer };

export const DELIVERY_LEDGER = Symbol('DeliveryLedger');

/** How long an entry is kept after its last change. */
export const LEDGER_TTL_SECONDS = 7 * 24 * 3600;
