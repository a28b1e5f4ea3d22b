import { Inject, Injectable } from '@nestjs/common';
import { KeyedHash, type Names } from './keyed-hash.js';
import { VerificationStore } from './verification-store.js';

/**
 * By which of its names a number goes. With one key in HASH_KEYS that is no question. With several:
 *
 * 1. as long as a verification of it is pending under one name, that name: all that can still be checked is in one place
 * 2. else the name under the first key
 * 3. what its limits must know is first brought there from the other names; that is done again with each start
 *
 * So gateways need not agree on which key is the first. Of two that see a number free at the same moment and choose
 * differently, `rotationClaims` lets one through.
 */
@Injectable()
export class NumberNames {
  constructor(
    private readonly hash: KeyedHash,
    @Inject(VerificationStore) private readonly store: VerificationStore,
  ) {}

  /** All of them: where to look for what has ended. */
  all(to: string): Names {
    return this.hash.ofNumber(to);
  }

  /** The one under which a new verification is kept, and a pending one is. Costs nothing while there is one key. */
  async current(to: string, now: Date): Promise<string> {
    const names = this.hash.ofNumber(to);
    if (names.length === 1) return names[0];
    const histories = await Promise.all(names.map((name) => this.store.history(name, now)));
    const at = Math.max(
      0,
      histories.findIndex(({ pending }) => pending.length > 0),
    );
    const elsewhere = histories.filter((history, n) => n !== at && !isBlank(history));
    for (const history of elsewhere) await this.store.adopt(names[at]!, history, now);
    return names[at]!;
  }
}

const isBlank = ({ texts, failedChecks, approvedAt }: Awaited<ReturnType<VerificationStore['history']>>): boolean =>
  texts.length === 0 && failedChecks.length === 0 && approvedAt === 0;
