import { compareKeys, type PageKey } from '@app/common';
import { keptUntil, statusAt, type Verification, type VerificationStatus } from './verification.js';

/** Which verifications; what is left out matches everything. */
export interface ListFilter {
  readonly service: string;
  readonly numberHash?: string | undefined;
  readonly status?: VerificationStatus | undefined;
  /** Created later than that, epoch milliseconds. */
  readonly createdAfter?: number | undefined;
}

/** How much, and after which item. */
export interface PageAsked {
  readonly limit: number;
  readonly after?: PageKey | undefined;
}

export interface Listed {
  readonly verifications: readonly Verification[];
  /** Where the next page goes on; undefined: this was the last. */
  readonly last: PageKey | undefined;
}

/** No page costs more than so many verifications looked at, whatever it is filtered by. At least the greatest page. */
export const MOST_LOOKED_AT = 200;

export const keyOf = ({ createdAt, id }: Pick<Verification, 'createdAt' | 'id'>): PageKey => ({ at: createdAt, id });

/** Negative where the first is newer. */
export const newestFirst = (a: PageKey, b: PageKey): number => compareKeys(b, a);

/** Of what was looked at, newest first, the page, and where the next one begins. `more`: there is more than that. */
export function pageIn(
  candidates: readonly PageKey[],
  more: boolean,
  verifications: readonly Verification[],
  filter: ListFilter,
  limit: number,
  now: Date,
): Listed {
  const matching = verifications.filter((verification) => matches(verification, filter, now));
  const page = matching.slice(0, limit);
  if (matching.length > limit) return { verifications: page, last: keyOf(page.at(-1)!) };
  return { verifications: page, last: more ? lastOf(candidates, verifications, filter) : undefined };
}

/**
 * One page out of pages of several lists. Where one of them ends early, the others show nothing older: the next page begins
 * there.
 */
export function mergePages(pages: readonly Listed[], limit: number): Listed {
  const [bound] = pages.flatMap(({ last }) => last ?? []).sort(newestFirst);
  const all = pages
    .flatMap(({ verifications }) => verifications)
    .sort((a, b) => newestFirst(keyOf(a), keyOf(b)))
    .filter((verification) => !bound || newestFirst(keyOf(verification), bound) <= 0);
  if (all.length <= limit) return { verifications: all, last: bound };
  const page = all.slice(0, limit);
  return { verifications: page, last: keyOf(page.at(-1)!) };
}

/** Of a number's verifications, which may be anybody's, the cursor names one of the filter's service or none. */
function lastOf(
  candidates: readonly PageKey[],
  verifications: readonly Verification[],
  { service, numberHash }: ListFilter,
): PageKey | undefined {
  const last = candidates.at(-1);
  if (numberHash === undefined || !last) return last;
  const own = verifications.findLast((verification) => verification.service === service);
  return own ? keyOf(own) : { at: last.at, id: BEFORE_ALL };
}

/** In the order of a list, before every id of the same moment. */
const BEFORE_ALL = '~';

function matches(verification: Verification, filter: ListFilter, now: Date): boolean {
  const { service, numberHash, status, createdAfter } = filter;
  return (
    now.getTime() < keptUntil(verification) &&
    verification.service === service &&
    (numberHash === undefined || verification.numberHash === numberHash) &&
    (status === undefined || statusAt(verification, now) === status) &&
    (createdAfter === undefined || verification.createdAt > createdAfter)
  );
}
