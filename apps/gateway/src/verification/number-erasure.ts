import { AppLogger } from '@app/common';
import { Inject, Injectable } from '@nestjs/common';
import { ALL_SERVICES, DEFAULT_SERVICE, operatesOnAll, type Caller } from '../access/caller.js';
import { receiverOf } from '../numbers/receiver.js';
import { Services } from '../services/services.js';
import { NumberNames } from './number-names.js';
import { VerificationStore, type Erased } from './verification-store.js';

/**
 * Forgets a number before its time. What stays, so that erasing is no way around limits: under keyed hashes, when it was
 * texted and checked and how often its prefix was, until those windows end, 24 hours at most.
 */
@Injectable()
export class NumberErasure {
  constructor(
    @Inject(VerificationStore) private readonly store: VerificationStore,
    private readonly services: Services,
    private readonly names: NumberNames,
    private readonly logger: AppLogger,
  ) {}

  /** In the caller's service, or in all. Again it finds nothing, and is no mistake. */
  async erase(text: string, caller: Caller): Promise<Erased & { readonly service: string }> {
    const now = new Date();
    const all = operatesOnAll(caller);
    const settings = this.services.find(caller.service) ?? this.services.find(DEFAULT_SERVICE);
    const { to } = receiverOf(text, settings?.defaultRegion, undefined);
    const erased = await Promise.all(
      this.names.all(to).map((name) => this.store.erase(name, all ? undefined : caller.service, now)),
    );
    const answer = { service: all ? ALL_SERVICES : caller.service, ...sumOf(erased) };
    this.logger.info({ keyId: caller.id, ...answer }, 'number erased');
    return answer;
  }
}

const sumOf = (all: readonly Erased[]): Erased => ({
  verifications: all.reduce((sum, { verifications }) => sum + verifications, 0),
  texts: all.reduce((sum, { texts }) => sum + texts, 0),
});
