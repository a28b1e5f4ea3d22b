/** A text that a company was asked for, as receipts need it. */
export interface SentText {
  readonly messageId: string;
  readonly verificationId?: string;
  readonly attempt: number;
  readonly provider: string;
  readonly n: number;
  /** What came of asking is not known: any receipt says that the company has it. */
  readonly unknown?: boolean;
}

/** What a receipt says, without what it is about. */
export interface ReceiptWord {
  readonly status: 'delivered' | 'undelivered';
  readonly errorCode?: string;
}

/**
 * Brings receipts and texts together, whichever comes first. Ids are a company's own or our references; a caller makes
 * them unique (`idsOf`). Implementations: memory and Redis; each call is atomic for each id.
 */
export interface ReceiptBook {
  /**
   * From now on receipts with this id are about this text. Gives what receipts have said of it already, also when asked
   * again.
   * @throws RedisUnavailableError
   */
  note(id: string, text: SentText): Promise<readonly ReceiptWord[]>;
  /**
   * The text that one of these ids belongs to. Where none is known yet the receipt is kept under each of them for
   * ORPHAN_TTL_SECONDS, `dropped` when too many are.
   * @throws RedisUnavailableError
   */
  match(ids: readonly string[], word: ReceiptWord): Promise<SentText | 'kept' | 'dropped'>;
}

export const RECEIPT_BOOK = Symbol('ReceiptBook');

/** Receipts may come before the company's answer to the request itself, or after a worker died between the two. */
export const ORPHAN_TTL_SECONDS = 3600;
/** Receipts of texts that nobody knows, in all, in one ORPHAN_TTL_SECONDS. */
export const MAX_ORPHANS = 100_000;

/** A receipt is found by the company's id or by our reference, whichever is known. */
export const idsOf = (
  provider: string,
  { providerMessageId, reference }: { providerMessageId?: string | undefined; reference?: string | undefined },
): string[] => [
  ...(providerMessageId === undefined ? [] : [`${provider}:id:${providerMessageId}`]),
  ...(reference === undefined ? [] : [`${provider}:ref:${reference}`]),
];
