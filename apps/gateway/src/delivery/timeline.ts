/** One line of what happened to a verification. Times are epoch milliseconds. Holds no code and no number. */
export interface TimelineEntry {
  readonly at: number;
  /** `verification.*`, `check.*` and `send.queued` are ours; the rest are the patterns of the worker's outcome events. */
  readonly event: string;
  readonly messageId?: string;
  readonly attempt?: number;
  readonly provider?: string;
  readonly final?: boolean;
  readonly nextAttemptAt?: number;
  readonly providerMessageId?: string;
  readonly errorClass?: string;
  readonly errorScope?: string;
  readonly errorCode?: string;
  readonly maybeDuplicate?: boolean;
}

/** Beyond this, outcomes still move their send but are not listed; what the verification itself did (at most 32 lines) always is. */
export const TIMELINE_LIMIT = 100;
