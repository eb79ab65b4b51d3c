/** Addresses that are counted as one: whoever has one of them has the others. */
import { isIP } from 'node:net';
import { ipv6Groups, parseIpv6 } from './dns/names.ts';

export interface NetworkSizes {
  /** Bits of an IPv4 address. */
  readonly four: 24 | 32;
  /** Bits of an IPv6 address. */
  readonly six: 56 | 64;
}

/** The network of an address, by the sizes that count; IPv4 inside IPv6 is IPv4. */
export function networkOf(address: string, { four, six }: NetworkSizes): string {
  const plain = /^::ffff:([0-9.]+)$/i.exec(address)?.[1] ?? address;
  if (isIP(plain) === 4) return four === 24 ? plain.slice(0, plain.lastIndexOf('.')) : plain;
  const parsed = parseIpv6(address.split('%')[0] ?? '');
  if (parsed === undefined) return address;
  const [a, b, c, d = 0] = ipv6Groups(parsed);
  return [a, b, c, six === 56 ? d >> 8 : d].join(':');
}
