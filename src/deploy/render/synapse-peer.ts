/** What the operator of a Synapse sets so that it federates with a server of ours that public DNS does not name. */
import { BlockList, isIP } from 'node:net';
import { splitServerName } from '../../matrix/server-address.ts';
import { federationPortOf, isRelay, serverNameOf } from '../topology/derive.ts';
import type { Topology, TopologyNode } from '../topology/topology.ts';

export interface SynapsePeer {
  readonly server: string;
  /** Lines of a hosts file, where nothing but the address has to be told. */
  readonly hosts: readonly string[];
  /** Lines of dnsmasq, where the port has to be told, too. */
  readonly resolver: readonly string[];
  /** Addresses that Synapse refuses unless they stand in `ip_range_whitelist`. */
  readonly ranges: readonly string[];
}

export type SynapsePeerResult = SynapsePeer | { readonly refused: 'peerRelay' | 'peerPort' | 'peerUnreachable' };

/** Ranges that Synapse refuses by default (`ip_range_blacklist` in its manual). */
const REFUSED_RANGES: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[] = [
  ['127.0.0.0', 8, 'ipv4'], ['10.0.0.0', 8, 'ipv4'], ['172.16.0.0', 12, 'ipv4'], ['192.168.0.0', 16, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'], ['192.0.0.0', 24, 'ipv4'], ['169.254.0.0', 16, 'ipv4'], ['192.88.99.0', 24, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'], ['192.0.2.0', 24, 'ipv4'], ['198.51.100.0', 24, 'ipv4'], ['203.0.113.0', 24, 'ipv4'],
  ['224.0.0.0', 4, 'ipv4'], ['::1', 128, 'ipv6'], ['fe80::', 10, 'ipv6'], ['fc00::', 7, 'ipv6'],
  ['2001:db8::', 32, 'ipv6'], ['ff00::', 8, 'ipv6'], ['fec0::', 10, 'ipv6'],
]; // biome-ignore format: a table reads better in rows

const FEDERATION_PORT = 8448;

/** The settings for a Synapse that is to reach `node`, or why there are none. */
export function renderSynapsePeer(topology: Topology, node: TopologyNode): SynapsePeerResult {
  if (isRelay(node)) return { refused: 'peerRelay' };
  const server = serverNameOf(topology, node);
  const { host, port: namedPort } = splitServerName(server);
  if (namedPort !== undefined) return { refused: 'peerPort' };
  const port = federationPortOf(node);
  const { addresses } = node;
  if (port === undefined || node.nat === 'cgnat' || addresses.length === 0) return { refused: 'peerUnreachable' };
  const refused = new BlockList();
  for (const range of REFUSED_RANGES) refused.addSubnet(...range);
  const ranges = addresses
    .filter((one) => refused.check(one, isIP(one) === 6 ? 'ipv6' : 'ipv4'))
    .map((one) => `${one}/${isIP(one) === 6 ? 128 : 32}`);
  const isUsual = port === FEDERATION_PORT;
  return {
    server,
    hosts: isUsual ? addresses.map((one) => `${one} ${host}`) : [],
    resolver: isUsual
      ? []
      : [`host-record=${[host, ...addresses].join(',')}`, `srv-host=_matrix-fed._tcp.${host},${host},${port}`],
    ranges,
  };
}
