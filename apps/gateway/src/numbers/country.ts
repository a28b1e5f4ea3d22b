import type { PhoneNumber } from 'libphonenumber-js/max';

/** Calling codes of no country that telephones answer at: satellites, networks, universal numbers. */
export const OF_NO_COUNTRY = ['+800', '+808', '+870', '+878', '+881', '+882', '+883', '+888', '+979'] as const;

/**
 * ISO 3166-1 alpha-2, or + and the calling code where that belongs to no country. A number of a range that nobody knows
 * counts as one of the calling code's main country, such as US for +1: what is known of the others is their leading digits.
 */
export const countryOf = (number: PhoneNumber): string =>
  number.country ?? number.getPossibleCountries()[0] ?? `+${number.countryCallingCode}`;

/** No list, or an empty one, allows every country. */
export const isCountryAllowed = (country: string, allowed: readonly string[] | undefined): boolean =>
  allowed === undefined || allowed.length === 0 || allowed.includes(country);
