import { E164 } from '@app/common';
import { parsePhoneNumberFromString, type CountryCode, type NumberType } from 'libphonenumber-js/max';
import { countryOf } from './country.js';

export type ReadNumber =
  | { readonly kind: 'number'; readonly to: string; readonly country: string; readonly unrecognized: boolean }
  | { readonly kind: 'impossible' }
  | { readonly kind: 'unsupported'; readonly type: Lowercase<UnsupportedType> };

/** No text arrives at these, or it costs its receiver. */
const UNSUPPORTED = [
  'PREMIUM_RATE',
  'SHARED_COST',
  'TOLL_FREE',
  'PAGER',
  'VOICEMAIL',
  'UAN',
  'FIXED_LINE',
] as const satisfies readonly NumberType[];
type UnsupportedType = (typeof UNSUPPORTED)[number];

/**
 * Reads a number as people write it. Only what cannot be a number is refused: carriers open new ranges before any list of
 * ranges knows them, so those are accepted, and marked.
 */
export function readNumber(text: string, defaultRegion?: string | null): ReadNumber {
  const number = parsePhoneNumberFromString(text.normalize('NFKC'), {
    ...(defaultRegion && { defaultCountry: defaultRegion as CountryCode }),
    extract: false,
  });
  if (!number?.isPossible() || number.ext || !E164.test(number.number)) return { kind: 'impossible' };
  const type = UNSUPPORTED.find((unsupported) => unsupported === number.getType());
  if (type) return { kind: 'unsupported', type: type.toLowerCase() as Lowercase<UnsupportedType> };
  return { kind: 'number', to: number.number, country: countryOf(number), unrecognized: !number.isValid() };
}
