import { ValidateBy } from 'class-validator';
import { BlockList, isIP } from 'node:net';

/** An address or a network of either family: `203.0.113.7`, `10.0.0.0/8`, `2001:db8::/32`. */
export const IsNetwork = (): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isNetwork',
      validator: {
        validate: (value) => typeof value === 'string' && readNetwork(value) !== undefined,
        defaultMessage: () => 'each must be an IP address or a network such as 10.0.0.0/8 or 2001:db8::/32',
      },
    },
    { each: true },
  );

/** An IPv4 address is the same written as IPv6 (`::ffff:203.0.113.7`); what is no address is inside nothing. */
export function isInside(networks: readonly string[], text: string): boolean {
  const [address = ''] = text.split('%'); // the zone of a link-local one
  const list = new BlockList();
  for (const text of networks) {
    const network = readNetwork(text);
    if (network) list.addSubnet(network.address, network.prefix, network.family);
  }
  const family = familyOf(address);
  return family !== undefined && list.check(address, family);
}

function readNetwork(text: string) {
  const [address = '', length, ...rest] = text.split('/');
  const family = familyOf(address);
  if (family === undefined || address.includes('%') || rest.length > 0) return undefined;
  const most = family === 'ipv4' ? 32 : 128;
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return undefined;
  const prefix = Number(length ?? most);
  return prefix <= most ? { address, prefix, family } : undefined;
}

const FAMILIES = { 4: 'ipv4', 6: 'ipv6' } as const;
const familyOf = (address: string) => FAMILIES[isIP(address) as 4 | 6] as 'ipv4' | 'ipv6' | undefined;
