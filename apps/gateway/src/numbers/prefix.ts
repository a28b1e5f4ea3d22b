const LONG = 10;

/**
 * A number without its last digits: what sequential numbers share. One digit more stays of numbers with at most 10 digits,
 * whose countries are small.
 */
export function prefixOf(to: string, lastDigits: number): string {
  const digits = to.length - 1; // without +
  return to.slice(0, to.length - (digits > LONG ? lastDigits : lastDigits - 1));
}
