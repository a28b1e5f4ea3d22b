import { isCountryAllowed } from './country.js';
import { readNumber } from './phone-number.js';
import { prefixOf } from './prefix.js';

describe('the country of a number', () => {
  it.each([
    ['+8613800138000', 'CN'],
    ['+8616012345678', 'CN'], // S25: a range that nobody knows yet
    ['+12015550123', 'US'],
    ['+12001234567', 'US'], // likewise: the main country of +1
    ['+18761110123', 'JM'], // the leading digits tell
    ['+77011234567', 'KZ'],
    ['+870773111632', '+870'],
  ])('%s is of %s', (to, country) => expect(readNumber(to)).toMatchObject({ kind: 'number', country }));

  it.each([
    ['CN', undefined, true],
    ['CN', [], true],
    ['CN', ['HK', 'CN'], true],
    ['US', ['HK', 'CN'], false],
    ['+870', ['CN'], false],
    ['+870', ['+870'], true],
  ])('%s with %j allowed: %s', (country, allowed, is) => expect(isCountryAllowed(country, allowed)).toBe(is));
});

describe('the prefix of a number', () => {
  it.each([
    ['+8613800138000', 4, '+861380013'],
    ['+12015550123', 4, '+1201555'],
    ['+6771234567', 4, '+6771234'],
    ['+37061234567', 2, '+370612345'],
    ['+6771234', 1, '+6771234'],
  ])('%s without its last %i digits is %s', (to, digits, prefix) => expect(prefixOf(to, digits)).toBe(prefix));
});
