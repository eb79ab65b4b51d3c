/** The `postern.yaml` of one node, as plain data. */
import {
  clientRoutesOf,
  dialPlacesOf,
  findLink,
  findNodeOfRoute,
  findOwnServer,
  findRelay,
  homeserversOf,
  hostOf,
  isInside,
  isRelay,
  relayedNames,
  serverNameOf,
  showPlace,
} from '../topology/derive.ts';
import type { Topology, TopologyNode } from '../topology/topology.ts';
import { certificatesOf } from '../planner/certificates.ts';
import { issuerOf } from '../planner/issuers.ts';
import { usesOf } from '../planner/uses.ts';
import { renderCertificates, tlsOf } from './certificates.ts';
import { connectOf, findOverride, relayRouteForServers } from '../planner/ways.ts';

export interface RenderedConfig {
  readonly config: Readonly<Record<string, unknown>>;
  /** Nodes whose key has to be known first. */
  readonly missingKeys: readonly string[];
}

/** Where the unit and the container keep everything durable. */
export const DATA_DIR = '/var/lib/postern';
const SITE = { certificate: 'tls/site.pem', key: 'tls/site.key' };
/** Where a server listens that is reached over its link alone. */
const LOCAL_TLS_PORT = 8443;
/** Where the tools of the machine's owner find it, or at the next port that the node does not use. */
const LOCAL_PORT = 8008;
const HTTP_PORT = 80;

type Plain = Record<string, unknown>;

function rolesOf(node: TopologyNode): string[] {
  return isRelay(node) ? ['relay'] : ['homeserver'];
}

/** What a node is configured with; whole only where no key is missing. */
export function renderConfig(topology: Topology, node: TopologyNode): RenderedConfig {
  const peers = peersOf(topology, node);
  const missingKeys = peers.filter(({ key }) => key === undefined).map(({ name }) => name);
  const links =
    peers.length === 0 ? {} : { links: { path: topology.linkPath, peers: Object.fromEntries(entries(peers)) } };
  const config = isRelay(node)
    ? { dataDir: DATA_DIR, roles: rolesOf(node), ...links, relay: relayOf(topology, node) }
    : { ...serverOf(topology, node), ...links, ...renderCertificates(topology, node) };
  return { config, missingKeys };
}

interface Peer {
  readonly name: string;
  readonly key: string | undefined;
  readonly dial: readonly string[];
  readonly carries: readonly string[];
}

function peersOf(topology: Topology, node: TopologyNode): Peer[] {
  return topology.links.flatMap(({ from, to, dial, fallback }) => {
    if (from !== node.name && to !== node.name) return [];
    const peer = topology.nodes.get(from === node.name ? to : from);
    if (peer === undefined) return [];
    const places = dial === node.name ? dialPlacesOf(topology, peer, peer.listen[0] ?? 0) : [];
    const carries = carriedFor(topology, node, peer);
    const sites = dial === node.name ? fallback.filter((one) => one.startsWith('wss://')) : [];
    return [{ name: peer.name, key: peer.key, dial: [...places, ...sites], carries }];
  });
}

/** What streams of a peer may reach at a node: no more than the layout needs. */
function carriedFor(topology: Topology, node: TopologyNode, peer: TopologyNode): string[] {
  if (isRelay(node)) return [];
  const [own] = certificatesOf(topology).filter((one) => one.node === node.name);
  const issues = own !== undefined && issuerOf(topology, own) === peer;
  // From abroad a node may learn whether its own ports are open: nobody else tells it.
  const reach = isInside(node) ? [] : ['reach'];
  if (!isRelay(peer)) return ['federation', ...(issues ? ['certificates'] : []), ...reach];
  return node === findOwnServer(topology) ? ['client', ...reach] : reach;
}

function entries(peers: readonly Peer[]): (readonly [string, Plain])[] {
  return peers.map(({ name, key, dial, carries }) => [name, { key, ...(dial.length > 0 && { dial }), carries }]);
}

function serverOf(topology: Topology, node: TopologyNode): Plain {
  const overrides = overridesOf(topology, node);
  const notaries = homeserversOf(topology)
    .filter((one) => one !== node && one.roles.includes('notary'))
    .map((one) => serverNameOf(topology, one));
  const route = node === findOwnServer(topology) ? relayRouteForServers(topology) : undefined;
  const federation = {
    ...(route !== undefined && { publicName: showPlace(route.host, route.port) }),
    ...(Object.keys(overrides).length > 0 && { overrides }),
    ...(notaries.length > 0 && { trustedKeyServers: notaries }),
  };
  return {
    serverName: serverNameOf(topology, node),
    dataDir: DATA_DIR,
    publicBaseUrl: baseUrlOf(topology, node),
    listeners: listenersOf(topology, node),
    registration: { mode: 'invite' },
    ...(node === findOwnServer(topology) && routesOf(topology, node)),
    ...(Object.keys(federation).length > 0 && { federation }),
  };
}

const ROUTE_ZONES = { world: 'abroad', 'cn-idc': 'idc', 'cn-home': 'home' } as const;

/** The routes that invites and the manifest name; none where the public URL says it all. */
function routesOf(topology: Topology, node: TopologyNode): Plain {
  const { routes, pathSecret } = topology;
  const direct = routes.find(({ scheme }) => scheme === 'webrtc');
  if (routes.length < 2 && direct === undefined && pathSecret === undefined) return {};
  const list = routes.map((route) => {
    const end = findNodeOfRoute(topology, route) ?? node;
    return { url: `${route.scheme}://${showPlace(route.host, route.port)}`, zone: ROUTE_ZONES[end.zone] };
  });
  const webRtc = direct && { address: direct.host.includes(':') ? '::' : '0.0.0.0', port: direct.port };
  return {
    routes: {
      ...(list.length > 0 && { list }),
      ...(pathSecret !== undefined && { pathSecret, stealth: true }),
      ...(webRtc !== undefined && { webRtc }),
    },
  };
}

/** What users open: the first route that leads to the server, or to the relay before it. */
function baseUrlOf(topology: Topology, node: TopologyNode): string {
  const isOwn = node === findOwnServer(topology);
  const entry = isOwn ? (findRelay(topology) ?? node) : node;
  const route = clientRoutesOf(topology).find(
    (one) => one.scheme === 'https' && findNodeOfRoute(topology, one) === entry,
  );
  const host = hostOf(serverNameOf(topology, node));
  const place =
    route === undefined ? showPlace(host, node.listen[0] ?? LOCAL_TLS_PORT) : showPlace(route.host, route.port);
  return `https://${place.replace(/:443$/, '')}`;
}

const APIS = {
  client: ['client', 'media', 'web'],
  federation: ['federation', 'keys'],
  link: ['link'],
  relay: [],
} as const;

function listenersOf(topology: Topology, node: TopologyNode): Plain[] {
  const tls = tlsOf(topology, node);
  const open = node.listen.map((port) => {
    // Where an authority asks over HTTP, nothing else is answered.
    if (port === HTTP_PORT && topology.certificates !== undefined) return { address: '::', port, apis: ['acme'] };
    return { address: '::', port, apis: usesOf(topology, node, port).flatMap((use) => APIS[use]), tls };
  });
  const apis = [...APIS.client, ...APIS.federation];
  const inner = open.length === 0 ? [{ address: '127.0.0.1', port: LOCAL_TLS_PORT, apis, tls }] : [];
  // The first listener for clients that has a certificate is the one that a relay leads to.
  let port = LOCAL_PORT;
  while (node.listen.includes(port)) port += 1;
  const own = { address: '127.0.0.1', port, apis: ['client', 'media', 'admin', 'web'] };
  return [...open, ...inner, own];
}

function overridesOf(topology: Topology, node: TopologyNode): Record<string, Plain> {
  const ours = homeserversOf(topology).filter((one) => one !== node);
  const inFile = ours.flatMap((one) => {
    const name = serverNameOf(topology, one);
    const connect = connectOf(topology, node, one);
    return connect.length === 0 ? [] : [[name, connect] as const];
  });
  const known = new Set(homeserversOf(topology).map((one) => serverNameOf(topology, one).toLowerCase()));
  const others = [...topology.overrides]
    .filter(([name]) => !known.has(name.toLowerCase()))
    .map(([name, { connect }]) => [name, connect] as const);
  return Object.fromEntries(
    [...inFile, ...others].map(([name, connect]) => {
      const { order, pin } = findOverride(topology, name) ?? {};
      return [name, { connect, ...(order !== undefined && { order }), ...(pin !== undefined && { pin }) }];
    }),
  );
}

function relayOf(topology: Topology, node: TopologyNode): Plain {
  const own = findOwnServer(topology);
  const isLinked = own !== undefined && findLink(topology, node.name, own.name) !== undefined;
  const [direct] = own === undefined ? [] : dialPlacesOf(topology, own, own.listen[0] ?? 0);
  return {
    address: '::',
    port: node.listen[0],
    names: relayedNames(topology),
    to: isLinked ? `link:${own.name}` : direct,
    site: SITE,
  };
}
