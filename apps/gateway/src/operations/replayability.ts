import { patternOf, SmsSend } from '@app/common';
import { Inject, Injectable } from '@nestjs/common';
import { isVerificationId } from '../verification/verification-id.js';
import { VerificationStore } from '../verification/verification-store.js';
import { statusAt } from '../verification/verification.js';
import type { DeadLetter } from './dead-letter.js';

/** Says why a dead letter must not be replayed: a text may reach a person twice, or with a code that no longer works. */
@Injectable()
export class Replayability {
  private readonly text = patternOf(SmsSend);

  constructor(@Inject(VerificationStore) private readonly verifications: VerificationStore) {}

  /** Undefined where nothing speaks against it. */
  async obstacleOf({ pattern, expiresAt, verificationId }: DeadLetter, now: Date): Promise<string | undefined> {
    if (pattern === undefined) return 'unreadable';
    if (pattern !== this.text) return undefined;
    if (expiresAt === undefined) return 'unreadable';
    if (expiresAt <= now.getTime()) return 'code_expired';
    // A text of another producer has no verification of ours.
    if (verificationId === undefined || !isVerificationId(verificationId)) return undefined;
    const verification = await this.verifications.find(verificationId, now);
    if (!verification) return 'verification_unknown';
    const status = statusAt(verification, now);
    return status === 'pending' ? undefined : `verification_${status}`;
  }
}
