/** What follows from a topology: who serves which name, where a node is dialled, which node a route leads to. */
import { splitServerName } from '../../matrix/server-address.ts';
import type { ClientRoute, Topology, TopologyLink, TopologyNode } from './topology.ts';

/** Other servers look here when nothing else is said. */
const FEDERATION_PORT = 8448;

/** Whether the node runs "postern serve". */
export function isHomeserver(node: TopologyNode): boolean {
  return node.roles.includes('homeserver');
}

/** Whether the node runs "postern relay". */
export function isRelay(node: TopologyNode): boolean {
  return node.roles.includes('relay');
}

/** The name of the server that a homeserver node is. */
export function serverNameOf(topology: Topology, node: TopologyNode): string {
  return node.server ?? topology.name;
}

/** The host of a server's name, in small letters. */
export function hostOf(serverName: string): string {
  return splitServerName(serverName).host.toLowerCase();
}

/** The homeserver that the topology is named after. */
export function findOwnServer(topology: Topology): TopologyNode | undefined {
  const own = topology.name.toLowerCase();
  return homeserversOf(topology).find((node) => serverNameOf(topology, node).toLowerCase() === own);
}

/** Every homeserver, in the order of the file. */
export function homeserversOf(topology: Topology): TopologyNode[] {
  return [...topology.nodes.values()].filter(isHomeserver);
}

/** The relay, where there is one. */
export function findRelay(topology: Topology): TopologyNode | undefined {
  return [...topology.nodes.values()].find(isRelay);
}

/** The link between two nodes, whoever dials. */
export function findLink(topology: Topology, one: string, other: string): TopologyLink | undefined {
  return topology.links.find(({ from, to }) => (from === one && to === other) || (from === other && to === one));
}

/** Whether the node stands inside the border. */
export function isInside({ zone }: TopologyNode): boolean {
  return zone !== 'world';
}

/** The port that other servers dial. */
export function federationPortOf({ listen }: TopologyNode): number | undefined {
  return listen.includes(FEDERATION_PORT) ? FEDERATION_PORT : listen[0];
}

/** `host:port` as it is written in a configuration. */
export function showPlace(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Nodes that a route may mean; one, if the file is right. */
export function nodesOfRoute(topology: Topology, route: ClientRoute): TopologyNode[] {
  const listening = [...topology.nodes.values()].filter(({ listen }) => listen.includes(route.port));
  // What opens a WebRTC port is the server's alone.
  if (route.scheme === 'webrtc') {
    return listening.filter((node) => node === findOwnServer(topology) && node.addresses.includes(route.host));
  }
  if (route.isLiteral) return listening.filter(({ addresses }) => addresses.includes(route.host));
  const named = listening.filter((node) => node.hasPublicDns && (isRelay(node) || isHomeserver(node)));
  // A name of another homeserver of the file is that homeserver's alone.
  const owner = named.filter((node) => isHomeserver(node) && hostOf(serverNameOf(topology, node)) === route.host);
  if (owner.length > 0 && findRelay(topology) === undefined) return owner;
  const forUsers = named.filter((node) => isRelay(node) || node === findOwnServer(topology));
  if (forUsers.length > 0) return forUsers.filter((node) => isRelay(node) || findRelay(topology) === undefined);
  // Option 3: the name is resolved on the users' devices.
  return topology.option === '3' ? listening.filter((node) => node === findOwnServer(topology)) : [];
}

/** The node that a route of a checked topology leads to. */
export function findNodeOfRoute(topology: Topology, route: ClientRoute): TopologyNode | undefined {
  return nodesOfRoute(topology, route)[0];
}

/** Routes that users open: those of the file, or the server's own name where that is what the option has. */
export function clientRoutesOf(topology: Topology): readonly ClientRoute[] {
  if (topology.routes.length > 0) return topology.routes;
  const port = findOwnServer(topology)?.listen[0];
  if (port === undefined || findRelay(topology) !== undefined) return [];
  const host = hostOf(topology.name);
  return [{ text: `https://${showPlace(host, port)}`, scheme: 'https', host, port, isLiteral: false }];
}

/** Where a node is dialled by another one: its fixed addresses, or the names of routes that lead to it. */
export function dialPlacesOf(topology: Topology, node: TopologyNode, port: number): string[] {
  if (node.addresses.length > 0) return node.addresses.map((one) => showPlace(one, port));
  const named = clientRoutesOf(topology).filter(
    (route) => !route.isLiteral && findNodeOfRoute(topology, route) === node && node.hasPublicDns,
  );
  return [...new Set(named.map(({ host }) => showPlace(host, port)))];
}

/** Names that a relay passes on. */
export function relayedNames(topology: Topology): string[] {
  const relay = findRelay(topology);
  const named = clientRoutesOf(topology).filter(
    (route) => !route.isLiteral && findNodeOfRoute(topology, route) === relay,
  );
  return relay === undefined ? [] : [...new Set(named.map(({ host }) => host))];
}
