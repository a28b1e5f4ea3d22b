import { validateSync } from 'class-validator';
import { IsNetwork, isInside } from './network.js';

class Networks {
  @IsNetwork()
  cidrs!: unknown[];
}
const isLegal = (text: unknown) => validateSync(Object.assign(new Networks(), { cidrs: [text] })).length === 0;

describe('networks', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7', true],
    ['203.0.113.7', '203.0.113.8', false],
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.1.2.3/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.0.0.0/8', '::ffff:10.0.0.1', true],
    ['0.0.0.0/0', '8.8.8.8', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['::/0', '2001:db8::1', true],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['10.0.0.0/8', '', false],
    ['10.0.0.0/8', 'unix', false],
  ])('%s holds %s: %s', (network, address, inside) => {
    expect(isLegal(network)).toBe(true);
    expect(isInside([network], address)).toBe(inside);
    expect(isInside(['192.0.2.1', network], address)).toBe(inside);
  });

  it.each([
    '',
    '10.0.0.0/33',
    '10.0.0/8',
    '2001:db8::/129',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    'fe80::1%eth0',
    'localhost',
    7,
    null,
  ])('%j is none', (text) => expect(isLegal(text)).toBe(false));
});
