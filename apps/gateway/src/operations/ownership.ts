import { Inject, Injectable } from '@nestjs/common';
import { mayOperateOn, operatesOnAll, type Caller } from '../access/caller.js';
import { isVerificationId } from '../verification/verification-id.js';
import { VerificationStore } from '../verification/verification-store.js';
import type { DeadLetter } from './dead-letter.js';

/** Questions to the store at once. */
const AT_ONCE = 200;

/**
 * Says whose a dead letter is: its verification's service's. Nobody's is what has no verification of ours, or one that is
 * forgotten; only keys of all services operate on it.
 */
@Injectable()
export class Ownership {
  constructor(@Inject(VerificationStore) private readonly verifications: VerificationStore) {}

  /** Those that the caller may look at and move, in their order. */
  async ownOf(letters: readonly DeadLetter[], caller: Caller, now: Date): Promise<readonly DeadLetter[]> {
    if (operatesOnAll(caller)) return letters;
    const services = await this.servicesOf(letters, now);
    return letters.filter(({ verificationId }) => mayOperateOn(caller, services.get(verificationId ?? '')));
  }

  private async servicesOf(letters: readonly DeadLetter[], now: Date): Promise<ReadonlyMap<string, string>> {
    const ids = [...new Set(letters.map(({ verificationId = '' }) => verificationId))].filter(isVerificationId);
    const services = new Map<string, string>();
    for (let start = 0; start < ids.length; start += AT_ONCE) {
      const found = await Promise.all(ids.slice(start, start + AT_ONCE).map((id) => this.verifications.find(id, now)));
      for (const verification of found) if (verification) services.set(verification.id, verification.service);
    }
    return services;
  }
}
