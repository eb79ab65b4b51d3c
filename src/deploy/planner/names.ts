/** DNS records and certificates: which are needed, and which must never be. DEPLOYMENT §2, §12. */
import { isIP } from 'node:net';
import {
  clientRoutesOf,
  federationPortOf,
  findNodeOfRoute,
  findOwnServer,
  findRelay,
  homeserversOf,
  hostOf,
  isRelay,
  relayedNames,
  serverNameOf,
} from '../topology/derive.ts';
import type { Topology, TopologyNode } from '../topology/topology.ts';
import type { DnsRecord, Plan, PlanCertificate, Remark } from './plan.ts';

const FEDERATION_PORT = 8448;
const ACME_PORTS = [80, 443];

/** Every certificate that the nodes show. */
export function certificatesOf(topology: Topology): PlanCertificate[] {
  return [...topology.nodes.values()].flatMap((node) => {
    if (isRelay(node)) return [{ node: node.name, names: [], method: 'site' }] satisfies PlanCertificate[];
    return [serverCertificate(topology, node)];
  });
}

/** Names that a homeserver answers to: its own, those of its routes, and those that a relay passes on to it. */
function namesOf(topology: Topology, node: TopologyNode): string[] {
  const routed = clientRoutesOf(topology).filter((one) => !one.isLiteral && findNodeOfRoute(topology, one) === node);
  const relayed = node === findOwnServer(topology) ? relayedNames(topology) : [];
  return [...new Set([hostOf(serverNameOf(topology, node)), ...routed.map(({ host }) => host), ...relayed])];
}

function serverCertificate(topology: Topology, node: TopologyNode): PlanCertificate {
  const names = namesOf(topology, node);
  const literals = clientRoutesOf(topology).filter(
    (one) => one.scheme === 'https' && one.isLiteral && findNodeOfRoute(topology, one) === node,
  );
  // A listener shows one certificate, which then names addresses beside names.
  if (literals.length > 0) {
    const addresses = literals.map(({ host }) => host);
    return { node: node.name, names: [...names, ...new Set(addresses)], method: 'shortlived' };
  }
  const canAnswer = node.hasPublicDns && node.listen.some((port) => ACME_PORTS.includes(port));
  if (canAnswer && node.nat !== 'cgnat') return { node: node.name, names, method: 'tls-alpn-01' };
  const own = hostOf(serverNameOf(topology, node));
  // "use *.zone so that CT logs do not reveal the host label": DEPLOYMENT §12.3.
  const hidden = names.map((name) => (name === own ? name : `*${name.slice(name.indexOf('.'))}`));
  return { node: node.name, names: [...new Set(hidden)], method: 'dns-01' };
}

/** Records of public DNS, those that must not be, and those that stand on devices. */
export function dnsOf(topology: Topology, certificates: readonly PlanCertificate[]): Plan['dns'] {
  const servers = homeserversOf(topology);
  const add = [...servers.flatMap((node) => serverRecords(topology, node)), ...relayRecords(topology)];
  const challenges = certificates
    .filter(({ method }) => method === 'dns-01')
    .flatMap(({ names }) => names.map((name) => `_acme-challenge.${name.replace(/^\*\./, '')}`));
  return {
    add: [...add, ...[...new Set(challenges)].map((name): DnsRecord => ({ name, type: 'TXT', value: 'ACME' }))],
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
