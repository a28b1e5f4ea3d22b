import { Injectable } from '@nestjs/common';
import type { Caller } from '../access/caller.js';
import type { TextSubject } from '../limits/claims.js';
import type { ProvenTexts } from '../limits/text-limits.js';
import { prefixOf } from '../numbers/prefix.js';
import type { Receiver } from '../numbers/receiver.js';
import { Services } from '../services/services.js';
import { KeyedHash, type Names } from './keyed-hash.js';
import { NumberNames } from './number-names.js';
import { VerificationLookup } from './verification-lookup.js';
import type { Verification } from './verification.js';

/** What the limits need to know of a verification: whom its texts concern, by names that tell no number. */
@Injectable()
export class LimitSubjects {
  constructor(
    private readonly services: Services,
    private readonly lookup: VerificationLookup,
    private readonly hash: KeyedHash,
    private readonly names: NumberNames,
  ) {}

  /** `starts`: the text is the first of its verification. */
  ofText(
    { service, numberHash, origins, trusted }: Verification,
    { to, country }: Receiver,
    caller: Caller,
    starts: boolean,
  ) {
    const subject: TextSubject = {
      service,
      keyId: caller.id,
      country,
      prefixNames: this.prefixNamesOf(to, service),
      numberNames: this.names.all(to),
      trusted,
      origins,
    };
    return { subject, numberHash, to, starts };
  }

  /** Its texts have proved themselves: somebody typed a right code. */
  ofApproved(verification: Verification): ProvenTexts {
    const { service, origins, trusted, sends } = verification;
    const prefixNames = this.prefixNamesOf(this.lookup.toOf(verification), service);
    return { service, origins, prefixNames, trusted, sentAt: sends.map(({ queuedAt }) => queuedAt) };
  }

  private prefixNamesOf(to: string, service: string): Names {
    return this.hash.ofPrefix(prefixOf(to, this.services.limitsOf(service).prefixDigits));
  }
}
