import { StartRefused } from '@app/common';
import { getCountries, getCountryCallingCode, getExampleNumber, type CountryCode } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import type { SmsProvider } from '../sms-provider.js';
import type { RoutePlan } from './routing-plan.js';

/**
 * Tries every route with a mobile number of each country that it names.
 * @throws StartRefused for routes of which no company carries anything: every text on them would be a dead letter.
 */
export function refuseEmptyRoutes(routes: readonly RoutePlan[], providers: ReadonlyMap<string, SmsProvider>): void {
  const empty = routes.filter(
    ({ to, companies }) =>
      !specimensFor(to).some((number) => companies.some(({ company }) => carries(providers.get(company)!, number))),
  );
  if (empty.length === 0) return;
  const list = empty.map(({ name, to, companies }) => {
    const names = companies.map(({ company }) => company).join(', ');
    return `the route ${name}${to ? ` to ${to.join(', ')}` : ''} has no company that carries such texts (${names})`;
  });
  throw new StartRefused(
    `Texts would be lost: ${list.join('; ')}. Add a company that reaches these numbers, or take the route away.`,
  );
}

const carries = (provider: SmsProvider, to: string): boolean =>
  provider.supports({ to, template: 'verification-code', locale: 'en', params: {} });

function specimensFor(to: readonly string[] | undefined): string[] {
  if (to === undefined) return getCountries().flatMap(mobileOf);
  return to.flatMap((place) => (place.startsWith('+') ? mobilesUnder(place) : mobileOf(place as CountryCode)));
}

/** Numbers that begin so, as long as the country's mobile numbers are. */
function mobilesUnder(prefix: string): string[] {
  const numbers = getCountries()
    .filter((country) => {
      const code = `+${getCountryCallingCode(country)}`;
      return code.startsWith(prefix) || prefix.startsWith(code);
    })
    .flatMap(mobileOf);
  const under = numbers.filter((number) => number.startsWith(prefix));
  return under.length > 0 ? under : numbers.map((number) => prefix + number.slice(prefix.length));
}

function mobileOf(country: CountryCode): string[] {
  const number = getExampleNumber(country, examples)?.number;
  return number === undefined ? [] : [number];
}
