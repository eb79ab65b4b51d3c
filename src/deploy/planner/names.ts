/** DNS records and certificates: which are needed, and which must never be. DEPLOYMENT §2, §12. */
import { isIP } from 'node:net';
import {
  federationPortOf,
  findOwnServer,
  findRelay,
  homeserversOf,
  hostOf,
  relayedNames,
  serverNameOf,
} from '../topology/derive.ts';
import type { Topology, TopologyNode } from '../topology/topology.ts';
import { namesOf } from './certificates.ts';
import { challengeAliases, challengeZones } from './issuers.ts';
import type { DnsRecord, Plan, PlanCertificate, Remark } from './plan.ts';

const FEDERATION_PORT = 8448;

/** Records of public DNS, those that must not be, and those that stand on devices. */
export function dnsOf(topology: Topology, certificates: readonly PlanCertificate[]): Plan['dns'] {
  const servers = homeserversOf(topology);
  const add = [...servers.flatMap((node) => serverRecords(topology, node)), ...relayRecords(topology)];
  const challenges = certificates
    .filter(({ method }) => method === 'dns-01')
    .flatMap(({ names }) => names.map((name) => `_acme-challenge.${name.replace(/^\*\./, '')}`));
  const aliases = challengeAliases(topology);
  const shown = [...new Set(challenges)].map((name): DnsRecord => {
    const value = aliases.get(name);
    return value === undefined ? { name, type: 'TXT', value: 'ACME' } : { name, type: 'CNAME', value };
  });
  const zones = challengeZones(topology).map(
    ({ name, nameServer }): DnsRecord => ({ name, type: 'NS', value: nameServer }),
  );
  return {
    add: [...add, ...zones, ...shown],
    never: [...servers.flatMap((node) => forbiddenRecords(topology, node)), ...homeWarnings(topology)],
    devices: deviceRecords(topology),
  };
}

function addressRecords(name: string, node: TopologyNode): DnsRecord[] {
  if (node.addresses.length === 0) return [{ name, type: 'A', value: 'dynamic' }];
  return node.addresses.map((value) => ({ name, type: isIP(value) === 6 ? 'AAAA' : 'A', value }));
}

function serverRecords(topology: Topology, node: TopologyNode): DnsRecord[] {
  const isBehindRelay = node === findOwnServer(topology) && findRelay(topology) !== undefined;
  if (!node.hasPublicDns || node.nat === 'cgnat' || isBehindRelay) return [];
  const records = namesOf(topology, node).flatMap((name) => addressRecords(name, node));
  const port = federationPortOf(node);
  const host = hostOf(serverNameOf(topology, node));
  // Server-server API, "Resolving server names", step 4: a server without 443 and 8448 is found by SRV.
  const needsSrv = port !== undefined && port !== FEDERATION_PORT && !node.listen.includes(443);
  const srv: DnsRecord = { name: `_matrix-fed._tcp.${host}`, type: 'SRV', value: `10 0 ${port} ${host}` };
  return needsSrv && serverNameOf(topology, node).toLowerCase() === host ? [...records, srv] : records;
}

function relayRecords(topology: Topology): DnsRecord[] {
  const relay = findRelay(topology);
  return relay === undefined ? [] : relayedNames(topology).flatMap((name) => addressRecords(name, relay));
}

function forbiddenRecords(topology: Topology, node: TopologyNode): Remark[] {
  if (node.hasPublicDns) return [];
  const name = hostOf(serverNameOf(topology, node));
  const addresses = node.addresses.join(', ');
  if (addresses === '') return [{ name: 'never-own-name', values: { name, node: node.name } }];
  return [{ name: 'never-any-name', values: { name, addresses, node: node.name } }];
}

function homeWarnings(topology: Topology): Remark[] {
  const relay = findRelay(topology);
  return relay?.zone === 'cn-home' ? [{ name: 'never-guessable', values: { node: relay.name } }] : [];
}

function deviceRecords(topology: Topology): DnsRecord[] {
  if (topology.option !== '3') return [];
  const own = findOwnServer(topology);
  return own === undefined ? [] : namesOf(topology, own).flatMap((name) => addressRecords(name, own));
}
