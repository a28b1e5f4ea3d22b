import { invalidRequest, keyIn, Sealer, UnsealableError } from '@app/common';
import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '../access/caller.js';
import { nextTextAt, type NumberLimits } from '../limits/number-history.js';
import { receiverOf } from '../numbers/receiver.js';
import { Services } from '../services/services.js';
import { NumberNames } from './number-names.js';
import { unknownVerification, wellFormed } from './refusals.js';
import { mergePages } from './verification-list.js';
import { VerificationStore } from './verification-store.js';
import type { Snapshot } from './verification-view.js';
import type { ListVerifications } from './verification.requests.js';
import { isPending, type Verification } from './verification.js';

/** Looks at verifications, each caller at those of its own service. */
@Injectable()
export class VerificationLookup {
  constructor(
    private readonly services: Services,
    @Inject(VerificationStore) private readonly store: VerificationStore,
    private readonly sealer: Sealer,
    private readonly names: NumberNames,
  ) {}

  /** Also tells when the next text may be asked for, while one may. */
  async find(id: string, caller: Caller): Promise<Snapshot> {
    const now = new Date();
    const verification = await this.found(id, caller, now);
    const snapshot = { verification, to: this.knownToOf(verification), now };
    if (!isPending(verification, now)) return snapshot;
    const history = await this.store.history(verification.numberHash, now);
    return { ...snapshot, nextTextAt: nextTextAt(history, this.limitsOf(verification)) };
  }

  async list({ to, status, createdAfter, limit, cursor }: ListVerifications, { service }: Caller) {
    const now = new Date();
    const names = to === undefined ? [undefined] : this.names.all(this.numberIn(unescapedPlus(to), service));
    const filter = { service, status, createdAfter: createdAfter === undefined ? undefined : momentIn(createdAfter) };
    const page = { limit, after: cursor === undefined ? undefined : keyIn(cursor) };
    const pages = await Promise.all(names.map((numberHash) => this.store.list({ ...filter, numberHash }, page, now)));
    const { verifications, last } = mergePages(pages, limit);
    const snapshots = verifications.map((verification): Snapshot => ({
      verification,
      to: this.knownToOf(verification),
      now,
    }));
    return { snapshots, last };
  }

  /** @throws Problem where it is not there, or another service's. */
  async found(id: string, { service }: Caller, now: Date): Promise<Verification> {
    const verification = await this.store.find(wellFormed(id), now);
    if (verification?.service !== service) throw unknownVerification();
    return verification;
  }

  /** Of its service as they are now; of its own what it was started with. */
  limitsOf({ service, resendCooldownSeconds }: Verification): NumberLimits {
    return { ...this.services.limitsOf(service), cooldownSeconds: resendCooldownSeconds };
  }

  /** Where texts may go is no matter here: they have gone. */
  numberIn(to: string, service: string): string {
    return receiverOf(to, this.services.of(service).defaultRegion, undefined).to;
  }

  /** For what is only shown: undefined where the key that sealed it is gone. */
  knownToOf(verification: Verification): string | undefined {
    try {
      return this.toOf(verification);
    } catch (error) {
      if (error instanceof UnsealableError) return undefined;
      throw error;
    }
  }

  /** @throws UnsealableError where the key that sealed it is gone. */
  toOf({ id, sealedTo }: Verification): string {
    return this.sealer.open(sealedTo, { messageId: id, field: 'to' });
  }
}

/** In a query + means a space, and everybody forgets it. */
const unescapedPlus = (to: string): string => to.replace(/^ (?=\d)/, '+');

/** @throws Problem for the forms of ISO 8601 that JavaScript does not read, such as week dates. */
function momentIn(createdAfter: string): number {
  const moment = Date.parse(createdAfter);
  if (Number.isNaN(moment)) throw invalidRequest([{ pointer: '/createdAfter', detail: 'must be a moment' }]);
  return moment;
}
