/** A company's request to us, before anything of it is believed. */
export interface ReceiptRequest {
  /** Path and query as they came in. */
  readonly url: string;
  /** In lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly now: Date;
}

/** The company's last word on one text. What it says on the way there (queued, sent) is no receipt. */
export interface Receipt {
  readonly providerMessageId?: string;
  /** What we called the request, where the company tells it. */
  readonly reference?: string;
  readonly status: 'delivered' | 'undelivered';
  /** The company's own code of why not. */
  readonly errorCode?: string;
}

export type ReceiptReading =
  /** `skipped`: entries of a list that are no receipt. */
  | { readonly kind: 'receipts'; readonly receipts: readonly Receipt[]; readonly skipped?: number }
  /** The signature is missing, wrong or too old. */
  | { readonly kind: 'forged' }
  | { readonly kind: 'unreadable' };

/** How one company tells what became of texts. Pure: it reads what it is given. */
export interface ReceiptReader {
  /** The request itself proves who sent it. Where not, its address carries a secret. */
  readonly signed: boolean;
  /** What the company wants to hear when its receipts are taken. */
  readonly thanks: { readonly status: number; readonly contentType?: string; readonly body?: string };
  /** Never throws for what the request holds. */
  read(request: ReceiptRequest): ReceiptReading;
}

export const textOf = ({ headers }: ReceiptRequest, name: string): string | undefined => {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
};

/** The JSON of the body, or undefined. */
export function bodyJson({ body }: ReceiptRequest): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** Of a list, what can be read: one bad entry must not keep the others out, since companies give up after some tries. */
export function readingOf(list: readonly (Receipt | undefined)[]): ReceiptReading {
  const receipts = list.filter((receipt) => receipt !== undefined);
  const skipped = list.length - receipts.length;
  if (skipped > 0 && receipts.length === 0) return { kind: 'unreadable' };
  return { kind: 'receipts', receipts, ...(skipped > 0 && { skipped }) };
}
