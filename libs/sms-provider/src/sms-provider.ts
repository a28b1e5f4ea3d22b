/** One company's way of sending a text. One file in `providers/` for each. */
export interface SmsProvider {
  /** As settings, metrics, timelines and the ledger call it. */
  readonly name: string;
  /** What this company can and cannot do. */
  readonly capabilities: ProviderCapabilities;
  /** Whether this company serves the number. Asked before any attempt; `capabilities` say whether it can carry the text. */
  supports(content: SmsContent): boolean;
  /**
   * Makes one attempt. Never throws for the company's answer or for the network, never retries by itself. The signal ends
   * an attempt that takes too long: what it cuts off is `unknown` unless nothing had been sent.
   */
  send(message: OutboundSms, signal: AbortSignal): Promise<SendOutcome>;
  /**
   * Asks what became of a request made before; not there where the company does not tell. Changes nothing, never throws for
   * the company's answer or for the network. The signal ends a query that takes too long.
   */
  query?(sent: SentRequest, signal: AbortSignal): Promise<QueryAnswer>;
  /** Lets go of kept-alive connections. */
  close?(): Promise<void>;
}

/** A request made before, with all that its company may find it by. */
export interface SentRequest {
  /** E.164. */
  readonly to: string;
  readonly reference: string;
  readonly providerMessageId?: string;
  /** The whole text, while it is known: tells apart what one number got. */
  readonly text?: string;
  /** The request was made between these two, by our clock. */
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export type QueryAnswer =
  /** The company has it; `accepted` while it does not know more. */
  | {
      readonly kind: 'found';
      readonly status: 'accepted' | 'delivered' | 'undelivered';
      readonly providerMessageId?: string;
      /** The company's own code of why it was not delivered. */
      readonly errorCode?: string;
    }
  /** Its list does not have it, or not yet. */
  | { readonly kind: 'absent' }
  /** The company did not say. */
  | { readonly kind: 'failed'; readonly code: string };

export interface ProviderCapabilities {
  /**
   * The company refuses a reference that it has seen before, so the same request may be repeated after an unknown
   * outcome without a second text.
   */
  readonly guardsDuplicates: boolean;
  /** Present where the company sends only texts that it has approved; without it, it takes any text. */
  readonly approvedTexts?: ApprovedTexts;
}

/** What a company wants of its approved texts; routes and templates are checked against it at start. */
export interface ApprovedTexts {
  /** Its ids, by `name` or `name:locale`, from its own settings; the one without a locale serves all others. */
  readonly ids: ReadonlyMap<string, string>;
  /** Our params that fill an approved text, in its order, where no templates file says otherwise. */
  readonly params: readonly string[];
  /** How many params a text may have at most. */
  readonly maxParams?: number;
  /** Which codes it takes, and the same in words: `at most 6 digits`. */
  readonly code?: { readonly pattern: RegExp; readonly words: string };
  /** The signature is part of the request. */
  readonly needsSignature?: boolean;
}

/** What is sent to whom: readable, and never logged. */
export interface SmsContent {
  /** E.164; a provider converts it to what its company wants. */
  readonly to: string;
  readonly template: string;
  /** BCP 47. */
  readonly locale: string;
  readonly params: Readonly<Record<string, string>>;
}

/** The content in the words that one company takes. */
export interface RenderedSms {
  /** The whole text: signature first; for a company that takes any text also the line for browsers or apps. */
  readonly text: string;
  /** Who texts, as registered with the carriers, without brackets. */
  readonly signature?: string;
  /** How the company calls the approved text; always there for a company that sends only such. */
  readonly templateId?: string;
  /** What fills the approved text, in the company's order and by the company's names. */
  readonly params: readonly { readonly name: string; readonly value: string }[];
}

/** What one attempt is about. */
export interface OutboundSms extends SmsContent {
  readonly rendered: RenderedSms;
  /** `[A-Za-z0-9]{1,32}`; the same for every repetition of a request whose outcome is unknown, new after a rejection. */
  readonly reference: string;
  /** An earlier request with this reference may have reached the company. */
  readonly repeated: boolean;
  /** How long the code still lives; a text that is handed on later is worth nothing. At least 1. */
  readonly ttlSeconds: number;
}

/** RETRYABLE: the same request may succeed later. PERMANENT: it will not. */
export type RejectionClass = 'RETRYABLE' | 'PERMANENT';
/** What the rejection is about: decides whether another company is worth asking and whether this one is ill. */
export type RejectionScope = 'recipient' | 'region' | 'request' | 'account' | 'provider';

export interface Rejection {
  readonly kind: 'rejected';
  readonly class: RejectionClass;
  readonly scope: RejectionScope;
  /** The company's own code, or the network's. */
  readonly code: string;
  /** Only where another company is not to be asked, or somebody is to look, against what `consequenceOf` says of class and scope. */
  readonly failover?: boolean;
  readonly alert?: boolean;
  /** The company said when to come back, or its documentation does. Milliseconds. */
  readonly retryAfterMs?: number;
}

export type SendOutcome =
  /** `duplicate`: the company had it from an earlier request with this reference. */
  | { readonly kind: 'accepted'; readonly providerMessageId?: string; readonly duplicate?: boolean }
  | Rejection
  /** The company may or may not have it. */
  | { readonly kind: 'unknown'; readonly code: string };
