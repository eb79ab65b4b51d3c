/** Which node has certificates issued for others, and the records that lead an authority to it. */
import { delegatedName } from '../certificates/board.ts';
import { findLink, hostOf, isHomeserver, serverNameOf } from '../topology/derive.ts';
import type { Topology, TopologyNode } from '../topology/topology.ts';
import { certificatesOf } from './certificates.ts';
import type { PlanCertificate } from './plan.ts';

/** The TXT records of an authority's questions, for the nodes that cannot show them themselves. */
interface ChallengeZoneOf {
  readonly node: TopologyNode;
  readonly name: string;
  readonly nameServer: string;
}

/** Who has the certificate of a node issued; nobody where it does so itself, or where files are put there. */
export function issuerOf(topology: Topology, certificate: PlanCertificate): TopologyNode | undefined {
  if (topology.certificates === undefined || certificate.method !== 'dns-01') return undefined;
  return [...topology.nodes.values()].find(
    (one) =>
      one.name !== certificate.node &&
      one.roles.includes('acme') &&
      isHomeserver(one) &&
      findLink(topology, one.name, certificate.node) !== undefined,
  );
}

/** Every zone of challenges that some node answers. */
export function challengeZones(topology: Topology): ChallengeZoneOf[] {
  return [...topology.nodes.values()].flatMap((node) => challengeZoneOf(topology, node) ?? []);
}

/** The zone that an issuing node answers; none where it issues for nobody else. */
export function challengeZoneOf(topology: Topology, node: TopologyNode): ChallengeZoneOf | undefined {
  if (certificatesOf(topology).every((one) => issuerOf(topology, one) !== node)) return undefined;
  const nameServer = hostOf(serverNameOf(topology, node));
  return { node, name: `acme.${nameServer}`, nameServer };
}

/** Name of a challenge → where its CNAME leads. */
export function challengeAliases(topology: Topology): ReadonlyMap<string, string> {
  const aliases = new Map<string, string>();
  for (const certificate of certificatesOf(topology)) {
    if (certificate.method !== 'dns-01') continue;
    // A node that answers for others answers for itself there, too.
    const issuer = issuerOf(topology, certificate) ?? topology.nodes.get(certificate.node);
    const zone = issuer && challengeZoneOf(topology, issuer);
    if (zone === undefined) continue;
    for (const name of certificate.names) {
      aliases.set(`_acme-challenge.${name.replace(/^\*\./, '')}`, delegatedName(name, zone));
    }
  }
  return aliases;
}
