/** One company's way of sending a text. One file in `providers/` for each. */
export interface SmsProvider {
  /** As settings, metrics, timelines and the ledger call it. */
  readonly name: string;
  /** What this company can and cannot do. */
  readonly capabilities: ProviderCapabilities;
  /** Whether this company can carry the message at all (country, template). Asked before any attempt. */
  supports(content: SmsContent): boolean;
  /**
   * Makes one attempt. Never throws for the company's answer or for the network, never retries by itself. The signal ends
   * an attempt that takes too long: what it cuts off is `unknown` unless nothing had been sent.
   */
  send(message: OutboundSms, signal: AbortSignal): Promise<SendOutcome>;
  /** Lets go of kept-alive connections. */
  close?(): Promise<void>;
}

export interface ProviderCapabilities {
  /**
   * The company refuses a reference that it has seen before, so the same request may be repeated after an unknown
   * outcome without a second text.
   */
  readonly guardsDuplicates: boolean;
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

/** What one attempt is about. */
export interface OutboundSms extends SmsContent {
  /** `[A-Za-z0-9]{1,32}`; the same for every repetition of a request whose outcome is unknown, new after a rejection. */
  readonly reference: string;
  /** An earlier request with this reference may have reached the company. */
  readonly repeated: boolean;
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
  /** Another company may take what this one refused. */
  readonly failover: boolean;
  /** Somebody has to act: balance, template, credentials. */
  readonly alert: boolean;
  /** The company said when to come back, or its documentation does. Milliseconds. */
  readonly retryAfterMs?: number;
}

export type SendOutcome =
  /** `duplicate`: the company had it from an earlier request with this reference. */
  | { readonly kind: 'accepted'; readonly providerMessageId?: string; readonly duplicate?: boolean }
  | Rejection
  /** The company may or may not have it. */
  | { readonly kind: 'unknown'; readonly code: string };
