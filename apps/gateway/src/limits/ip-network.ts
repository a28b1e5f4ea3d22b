import { isIPv4, isIPv6 } from 'node:net';

/**
 * What counts as one end user's address: an IPv4 address, or the /64 of an IPv6 one, of which a household has at least one
 * to itself. IPv4 written as IPv6 (`::ffff:203.0.113.7`) is IPv4.
 * @throws TypeError for what is no address: requests are checked before.
 */
export function networkOf(ip: string): string {
  if (isIPv4(ip)) return ip;
  const [address = ''] = ip.split('%'); // a zone means something on its own machine only
  if (!isIPv6(address)) throw new TypeError('no IP address');
  const groups = groupsOf(new URL(`http://[${address}]`).hostname.slice(1, -1));
  return isMapped(groups) ? ipv4In(groups) : `${groups.slice(0, 4).map(hex).join(':')}::/64`;
}

/** Eight numbers of 16 bits, of an address as URLs write it: no IPv4 part, at most one `::`. */
function groupsOf(canonical: string): number[] {
  const [head = '', tail] = canonical.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const before = head || [];
  const after = tail ?? [];
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].map((group) => parseInt(group, 16));
}

const hex = (group: number): string => group.toString(16);

const isMapped = (groups: readonly number[]): boolean =>
  groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;

const ipv4In = (groups: readonly number[]): string =>
  groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.');
