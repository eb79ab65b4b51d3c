/** Which certificates the nodes need, and how each is to be had. DEPLOYMENT §12.3. */
import {
  clientRoutesOf,
  findNodeOfRoute,
  findOwnServer,
  hostOf,
  isRelay,
  relayedNames,
  serverNameOf,
} from '../topology/derive.ts';
import type { Topology, TopologyNode } from '../topology/topology.ts';
import type { PlanCertificate } from './plan.ts';

const ACME_PORTS = [80, 443];

/** Every certificate that the nodes show. */
export function certificatesOf(topology: Topology): PlanCertificate[] {
  return [...topology.nodes.values()].flatMap((node) => {
    if (isRelay(node)) return [{ node: node.name, names: [], method: 'site' }] satisfies PlanCertificate[];
    return [serverCertificate(topology, node)];
  });
}

/** Names that a homeserver answers to: its own, those of its routes, and those that a relay passes on to it. */
export function namesOf(topology: Topology, node: TopologyNode): string[] {
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
