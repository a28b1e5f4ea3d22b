import { mask, maskNumber } from '@app/common';
import type { DeadLetter } from './dead-letter.js';

/** A dead letter as an operator may see it: no code, and of the number enough to compare. */
export const viewOf = (letter: DeadLetter, now: Date) => ({
  messageId: letter.messageId,
  event: letter.pattern ?? null,
  to: letter.to === undefined ? null : maskNumber(letter.to),
  reason: mask(letter.reason),
  class: letter.class ?? null,
  provider: letter.provider ?? null,
  attempt: letter.attempt,
  firstPublishedAt: iso(letter.firstPublishedAt),
  ageSeconds: Math.max(0, Math.floor((now.getTime() - letter.firstPublishedAt) / 1000)),
  verificationId: letter.verificationId ?? null,
  expiresAt: letter.expiresAt === undefined ? null : iso(letter.expiresAt),
  replayCount: letter.replayCount,
  replayedAt: letter.replayedAt === undefined ? null : iso(letter.replayedAt),
});

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
