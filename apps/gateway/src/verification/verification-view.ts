import { maskNumber } from '@app/common';
import type { Send } from '../delivery/send.js';
import type { TimelineEntry } from '../delivery/timeline.js';
import { isPending, statusAt, type Verification } from './verification.js';

/** A verification as its caller may see it at one moment. */
export interface Snapshot {
  readonly verification: Verification;
  /** E.164; shown masked, and as `****` where it does not open any more. */
  readonly to: string | undefined;
  /** From when on the number's limits allow its next text, epoch milliseconds. */
  readonly nextTextAt?: number;
  readonly now: Date;
}

/** What became of a check. */
export interface Checked {
  readonly valid: boolean;
  readonly verification: Verification;
  readonly now: Date;
}

/** The answer to most requests. Holds no code and no readable number. */
export const viewOf = ({ verification, to, nextTextAt, now }: Snapshot) => ({
  id: verification.id,
  service: verification.service,
  to: to === undefined ? '****' : maskNumber(to),
  ...(verification.numberUnrecognized && { numberUnrecognized: true }),
  channel: verification.channel,
  purpose: verification.purpose,
  template: verification.template,
  locale: verification.locale,
  status: statusAt(verification, now),
  reason: reasonOf(verification, now),
  code: { length: verification.codeLength, alphabet: 'digits' },
  attempts: attemptsOf(verification),
  resend: resendOf(verification, nextTextAt, now),
  delivery: deliveryOf(verification.sends),
  metadata: verification.metadata,
  ...timesOf(verification, now),
});

/** On a list. When the next text may be asked for is another question to the store for each. */
export function listedViewOf(snapshot: Snapshot) {
  const { resend: _resend, ...listed } = viewOf(snapshot);
  return listed;
}

/** Without what changes only with sends: a check costs one step in the store. */
export const checkViewOf = ({ valid, verification, now }: Checked) => ({
  id: verification.id,
  valid,
  ...(!valid && { result: 'code_incorrect' }),
  status: statusAt(verification, now),
  reason: reasonOf(verification, now),
  attempts: attemptsOf(verification),
  ...timesOf(verification, now),
});

/** In the order of their times: outcomes come late, and workers' clocks differ. */
export const timelineViewOf = ({ verification, now }: Snapshot) => ({
  id: verification.id,
  status: statusAt(verification, now),
  timeline: [...verification.timeline, ...expiryOf(verification, now)]
    .sort((a, b) => a.at - b.at)
    .map(({ nextAttemptAt, ...entry }) => ({
      ...entry,
      at: iso(entry.at),
      ...(nextAttemptAt !== undefined && { nextAttemptAt: iso(nextAttemptAt) }),
    })),
  serverTime: now.toISOString(),
});

/** Why it ended, where the status alone does not say: whom the company's refusal was about. */
function reasonOf(verification: Verification, now: Date): string | null {
  if (statusAt(verification, now) !== 'undeliverable') return null;
  const rejected = verification.sends.findLast((send) => send.status === 'rejected');
  return `${rejected?.outcome?.errorScope ?? 'request'}_rejected`;
}

const attemptsOf = ({ checksUsed, maxChecks }: Verification) => ({
  used: checksUsed,
  remaining: maxChecks - checksUsed,
});

/** `availableInSeconds` serves a countdown on a client whose clock is wrong. Null where no text can be asked for any more. */
function resendOf(verification: Verification, nextTextAt = 0, now: Date) {
  const remaining = isPending(verification, now) ? verification.maxSends - verification.sends.length : 0;
  if (remaining <= 0) return { remaining: 0, availableAt: null, availableInSeconds: null };
  const availableAt = Math.max(nextTextAt, now.getTime());
  return {
    remaining,
    availableAt: iso(availableAt),
    availableInSeconds: Math.max(0, Math.ceil((availableAt - now.getTime()) / 1000)),
  };
}

const deliveryOf = (sends: readonly Send[]) => ({
  status: sends.at(-1)?.status,
  sends: sends.map(({ messageId, status, queuedAt, expiresAt, outcome }) => ({
    messageId,
    status,
    queuedAt: iso(queuedAt),
    expiresAt: iso(expiresAt),
    ...(outcome && {
      attempt: outcome.attempt,
      provider: outcome.provider,
      updatedAt: iso(outcome.at),
      ...(status === 'waiting' && outcome.nextAttemptAt !== undefined && { nextAttemptAt: iso(outcome.nextAttemptAt) }),
      ...(outcome.errorCode !== undefined && { errorCode: outcome.errorCode }),
    }),
  })),
});

const timesOf = (verification: Verification, now: Date) => ({
  createdAt: iso(verification.createdAt),
  expiresAt: iso(verification.expiresAt),
  endedAt: isPending(verification, now) ? null : iso(verification.endedAt ?? verification.expiresAt),
  serverTime: now.toISOString(),
});

/** Time alone expires a verification, so nobody has written it down. */
const expiryOf = (verification: Verification, now: Date): TimelineEntry[] =>
  verification.status === 'pending' && !isPending(verification, now)
    ? [{ at: verification.expiresAt, event: 'verification.expired' }]
    : [];

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
