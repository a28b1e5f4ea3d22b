import type { Template } from '@app/common';
import type { Send } from '../delivery/send.js';
import type { TimelineEntry } from '../delivery/timeline.js';
import type { CodeHash } from './keyed-hash.js';

/** Of a verification whose request names none. */
export const DEFAULT_PURPOSE = 'default';

export const STATUSES = [
  'pending',
  'approved',
  'expired',
  'max_attempts_reached',
  'canceled',
  'undeliverable',
] as const;
export type VerificationStatus = (typeof STATUSES)[number];

/** One try to prove that a person holds a number, as it is kept. Times are epoch milliseconds. */
export interface Verification {
  readonly id: string;
  /** Whose it is: to callers of any other service it does not exist. */
  readonly service: string;
  /** Sealed with the verification's id; nothing here holds a readable number or code. */
  readonly sealedTo: string;
  /** One of the number's names (`NumberNames`), useless without the key. */
  readonly numberHash: string;
  /** The number may exist, but no published range holds it. */
  readonly numberUnrecognized: boolean;
  /** The caller vouches for the person who asks: a known device, a signed-in user. */
  readonly trusted: boolean;
  /** Whose address its texts count for: see `originsOf`. */
  readonly origins: readonly string[];
  readonly channel: 'sms';
  readonly purpose: string;
  readonly template: Template;
  readonly locale: string;
  /** The set of routes that its texts go by; absent: the routes of no set. */
  readonly routes?: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** The bounds that held when it was started; a later change of settings does not touch it. */
  readonly codeLength: number;
  readonly maxChecks: number;
  readonly maxSends: number;
  /** How long each of its codes lives. */
  readonly codeTtlSeconds: number;
  /** Between two texts to its number. */
  readonly resendCooldownSeconds: number;
  /** As last written; `statusAt` knows the time too. */
  readonly status: VerificationStatus;
  readonly checksUsed: number;
  readonly createdAt: number;
  /** When the latest code dies, and with it the verification. */
  readonly expiresAt: number;
  /** Absent while pending, and where only time ended it. */
  readonly endedAt?: number;
  /** From the first to the latest; never empty. */
  readonly sends: readonly Send[];
  readonly timeline: readonly TimelineEntry[];
}

/** How long a verification can be read after its end. */
export const KEPT_AFTER_END_MS = 24 * 3600_000;

/** No verification is kept longer than this from its creation on: ten sends, each of a code that works ten minutes. */
export const LONGEST_KEPT_MS = KEPT_AFTER_END_MS + 10 * 600_000;

export const isPending = (verification: Verification, now: Date): boolean =>
  verification.status === 'pending' && now.getTime() < verification.expiresAt;

/** Time alone expires a verification: nobody writes it down. */
export const statusAt = (verification: Verification, now: Date): VerificationStatus =>
  verification.status === 'pending' && !isPending(verification, now) ? 'expired' : verification.status;

/** From this moment on it is forgotten. */
export const keptUntil = ({ endedAt, expiresAt }: Verification): number => (endedAt ?? expiresAt) + KEPT_AFTER_END_MS;

type Given = 'status' | 'checksUsed' | 'createdAt' | 'expiresAt' | 'endedAt' | 'sends' | 'timeline';

/** A verification at its first moment, with its first send. */
export const newVerification = (terms: Omit<Verification, Given>, send: Send): Verification => ({
  ...terms,
  status: 'pending',
  checksUsed: 0,
  createdAt: send.queuedAt,
  expiresAt: send.expiresAt,
  sends: [send],
  timeline: [{ at: send.queuedAt, event: 'verification.created' }, queued(send)],
});

export const newSend = (messageId: string, code: CodeHash, ttlSeconds: number, now: Date): Send => ({
  messageId,
  ...code,
  queuedAt: now.getTime(),
  expiresAt: now.getTime() + ttlSeconds * 1000,
  status: 'queued',
});

export const queued = ({ queuedAt, messageId }: Send): TimelineEntry => ({
  at: queuedAt,
  event: 'send.queued',
  messageId,
});
