/** Where the certificates of a node come from: files, an authority, or another node that has them issued. */
import { certificatesOf } from '../planner/certificates.ts';
import { challengeZoneOf, issuerOf } from '../planner/issuers.ts';
import type { PlanCertificate } from '../planner/plan.ts';
import type { Topology, TopologyNode } from '../topology/topology.ts';

type Plain = Readonly<Record<string, unknown>>;

const TLS_FILES = { certificate: 'tls/cert.pem', key: 'tls/key.pem' };
const DNS_PORT = 53;
const HTTPS_PORT = 443;

/** What listeners of a node name as their certificate. */
export function tlsOf(topology: Topology, node: TopologyNode): Plain {
  return topology.certificates === undefined ? TLS_FILES : { managed: node.name };
}

/** The section `certificates` of a node; nothing where its certificates are files. */
export function renderCertificates(topology: Topology, node: TopologyNode): { readonly certificates?: Plain } {
  const authority = topology.certificates;
  if (authority === undefined) return {};
  const all = certificatesOf(topology);
  const own = all.filter((one) => one.node === node.name && one.method !== 'site');
  const theirs = all.filter((one) => issuerOf(topology, one) === node);
  const managed = [
    ...own.map((one) => [one.node, ownEntry(topology, node, one)] as const),
    ...theirs.map(({ node: id, names }) => [id, { names, challenge: 'dns-01', shipTo: [id] }] as const),
  ];
  if (managed.length === 0) return {};
  const zone = challengeZoneOf(topology, node);
  const isIssuedHere = managed.some(([, entry]) => 'challenge' in entry);
  return {
    certificates: {
      ...(isIssuedHere && authority),
      managed: Object.fromEntries(managed),
      ...(zone !== undefined && {
        zone: {
          name: zone.name,
          nameServer: zone.nameServer,
          listeners: [{ address: '::', port: DNS_PORT }],
        },
      }),
    },
  };
}

function ownEntry(topology: Topology, node: TopologyNode, certificate: PlanCertificate): Plain {
  const { names, method } = certificate;
  const issuer = issuerOf(topology, certificate);
  if (issuer !== undefined) return { names, from: issuer.name };
  if (method === 'dns-01') return { names, challenge: 'dns-01' };
  const challenge = node.listen.includes(HTTPS_PORT) ? 'tls-alpn-01' : 'http-01';
  return { names, challenge, ...(method === 'shortlived' && { profile: 'shortlived' }) };
}
