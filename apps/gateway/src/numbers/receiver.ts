import { isCountryAllowed } from './country.js';
import { readNumber } from './phone-number.js';
import * as refusals from './refusals.js';

/** Whom a text goes to. */
export interface Receiver {
  /** E.164. */
  readonly to: string;
  /** See `countryOf`. */
  readonly country: string;
  readonly unrecognized: boolean;
}

/** @throws Problem for what gets no text, or none from here: `countries` is where texts may go, none: everywhere. */
export function receiverOf(
  text: string,
  defaultRegion: string | null | undefined,
  countries: readonly string[] | undefined,
): Receiver {
  const number = readNumber(text, defaultRegion);
  if (number.kind === 'impossible') throw refusals.invalidPhoneNumber();
  if (number.kind === 'unsupported') throw refusals.unsupportedNumberType(number.type);
  if (!isCountryAllowed(number.country, countries)) throw refusals.countryNotAllowed(number.country);
  return number;
}
