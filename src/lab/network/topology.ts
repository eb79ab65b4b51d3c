/** Who is in the lab, and where. Pure. */
import type { Zone } from '../shape/profiles.ts';

export interface HostSpec {
  readonly name: string;
  readonly zone: Zone;
  /** IPv4 and IPv6; reserved for documentation (RFC 5737, RFC 3849), so that nothing outside has them. */
  readonly addresses: readonly string[];
}

/** Zones around which a censor stands; with none of them it sees every packet. */
export type Place = readonly Zone[];

/** Where the border of the country is. */
export const NATION: Place = ['cn-isp', 'cn-home', 'cn-idc'];

/** Whether a packet crosses the line around a place, and which way; `undefined` where it does not. */
export function crossingOf(place: Place, from: Zone, to: Zone): { readonly isOutbound: boolean } | undefined {
  if (place.length === 0) return { isOutbound: from !== 'world' };
  const isInside = place.includes(from);
  return isInside === place.includes(to) ? undefined : { isOutbound: isInside };
}

const host = (name: string, zone: Zone, last: number): HostSpec => ({
  name,
  zone,
  addresses:
    zone === 'world'
      ? [`203.0.113.${last}`, `2001:db8:2::${last.toString(16)}`]
      : [`198.51.100.${last}`, `2001:db8:1::${last.toString(16)}`],
});

/** The hosts of every scenario: a scenario uses those that it needs. */
export const HOSTS: readonly HostSpec[] = [
  host('alice', 'cn-isp', 10),
  host('ann', 'cn-isp', 11),
  host('resolver', 'cn-isp', 12),
  host('watcher', 'cn-isp', 13),
  host('home', 'cn-home', 50),
  host('cloud', 'cn-idc', 80),
  host('dns-cn', 'cn-idc', 81),
  host('abroad', 'world', 20),
  host('bob', 'world', 21),
  host('dns', 'world', 53),
  host('prober', 'world', 66),
];
