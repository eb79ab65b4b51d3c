/** The ways between servers: over a link, or straight to an address. */
import {
  dialPlacesOf,
  federationPortOf,
  findLink,
  findNodeOfRoute,
  findOwnServer,
  findRelay,
  hostOf,
  isInside,
  serverNameOf,
} from '../topology/derive.ts';
import type { ClientRoute, FederationOverride, Topology, TopologyNode } from '../topology/topology.ts';

const LINK = 'link:';

/** The node that a place of `connect` names, if it is a link. */
export function linkedNodeOf(place: string): string | undefined {
  return place.startsWith(LINK) ? place.slice(LINK.length) : undefined;
}

/** The override that the file has for a server, whatever letters its name is written in. */
export function findOverride(topology: Topology, server: string): FederationOverride | undefined {
  const name = server.toLowerCase();
  return [...topology.overrides].find(([one]) => one.toLowerCase() === name)?.[1];
}

/**
 * Where `from` reaches the server of `to`: what the file says, as far as `from` has the links; else over the link
 * alone, because a second way would show the name on the leg that the link keeps it from; else at its addresses.
 */
export function connectOf(topology: Topology, from: TopologyNode, to: TopologyNode): readonly string[] {
  const override = findOverride(topology, serverNameOf(topology, to));
  if (override !== undefined) {
    const hasLink = findLink(topology, from.name, to.name) !== undefined;
    const usable = override.connect.filter((place) => hasLink || linkedNodeOf(place) === undefined);
    if (usable.length > 0) return usable;
  }
  if (findLink(topology, from.name, to.name) !== undefined) return [LINK + to.name];
  return directPlacesOf(topology, from, to);
}

/** Addresses at which a server may be dialled straight; none where that cannot last. */
function directPlacesOf(topology: Topology, from: TopologyNode, to: TopologyNode): string[] {
  const port = federationPortOf(to);
  const isCutOff = to.nat === 'cgnat' || (!isInside(from) && to.zone === 'cn-home');
  return port === undefined || isCutOff ? [] : dialPlacesOf(topology, to, port);
}

/** The route by which a relay makes its server found by everybody: its own name at a port where servers look. */
export function relayRouteForServers(topology: Topology): ClientRoute | undefined {
  const relay = findRelay(topology);
  if (relay === undefined || !relay.hasPublicDns || isInside(relay)) return undefined;
  const own = hostOf(topology.name);
  return topology.routes.find(
    (route) => findNodeOfRoute(topology, route) === relay && route.host === own && [443, 8448].includes(route.port),
  );
}

/** Whether servers that are in no file of ours find the server. */
export function isFoundByAll(topology: Topology): boolean {
  const own = findOwnServer(topology);
  if (own === undefined) return false;
  if (findRelay(topology) !== undefined) return relayRouteForServers(topology) !== undefined;
  return own.hasPublicDns && own.nat !== 'cgnat' && own.listen.length > 0;
}
