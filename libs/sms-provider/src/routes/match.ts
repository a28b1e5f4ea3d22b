import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { createHash } from 'node:crypto';
import type { RoutePlan, Stop } from './routing-plan.js';

/** Whose text it is, as far as routes ask. */
export interface Addressed {
  /** E.164. */
  readonly to: string;
  readonly purpose?: string | undefined;
}

/** The first route that fits. Parses the number only where a route names a country. */
export function routeFor(routes: readonly RoutePlan[], { to, purpose }: Addressed): RoutePlan | undefined {
  let country: string | undefined;
  const countryOf = () => (country ??= parsePhoneNumberFromString(to)?.country ?? 'none');
  return routes.find(
    (route) =>
      (route.purposes?.includes(purpose ?? 'default') ?? true) &&
      (route.to?.some((place) => (place.startsWith('+') ? to.startsWith(place) : place === countryOf())) ?? true),
  );
}

/** The companies of a route in the order in which they are asked for one message: the same on every worker. */
export function orderOf({ pick, companies }: RoutePlan, messageId: string): readonly Stop[] {
  switch (pick) {
    case 'order':
      return companies;
    case 'cost':
      return companies.toSorted((a, b) => a.cost! - b.cost!);
    case 'weight':
      return companies.toSorted((a, b) => rank(b, messageId) - rank(a, messageId));
  }
}

/** Weighted sampling without replacement (Efraimidis and Spirakis 2006): the largest u^(1/weight) comes first. */
function rank({ company, weight }: Stop, messageId: string): number {
  const hash = createHash('sha256').update(`${messageId} ${company}`).digest();
  return Math.log((hash.readUInt32BE() + 0.5) / 2 ** 32) / weight!;
}
