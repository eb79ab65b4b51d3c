/** Who speaks with whom: users with servers and relays, nodes with nodes. Everything else of a plan follows from it. */
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
import { isHostName } from '../topology/kinds.ts';
import type { ClientRoute, Topology, TopologyNode } from '../topology/topology.ts';
import type { Flow, Users } from './plan.ts';
import { connectOf, linkedNodeOf } from './ways.ts';

/** Every flow: users first, then links, then servers among themselves. */
export function flowsOf(topology: Topology): Flow[] {
  return [...clientFlows(topology), ...relayedFlows(topology), ...linkFlows(topology), ...federationFlows(topology)];
}

function clientFlows(topology: Topology): Flow[] {
  const own = findOwnServer(topology);
  const others = homeserversOf(topology).filter((node) => node !== own && node.hasPublicDns);
  const hasServerOutside = others.some((node) => !isInside(node));
  const users: Users[] = hasServerOutside ? ['users-inside'] : ['users-inside', 'users-outside'];
  const routed = clientRoutesOf(topology).flatMap((route) => {
    const node = findNodeOfRoute(topology, route);
    return node === undefined ? [] : users.map((from) => routeFlow(topology, route, { from, node }));
  });
  const theirs = others.flatMap((node) => {
    const port = node.listen[0];
    if (port === undefined) return [];
    const host = hostOf(serverNameOf(topology, node));
    const from: Users = isInside(node) ? 'users-inside' : 'users-outside';
    return [flow({ from, node, places: [showPlace(host, port)], sni: host, lookups: [host], purpose: 'client' })];
  });
  return [...routed, ...theirs];
}

function routeFlow(
  topology: Topology,
  route: ClientRoute,
  { from, node }: { readonly from: Users; readonly node: TopologyNode },
): Flow {
  const sni = route.isLiteral ? null : route.host;
  // Without a public record the name is resolved on the device.
  const lookups = sni === null || !node.hasPublicDns ? [] : [sni];
  const isOnDevice = sni !== null && !node.hasPublicDns;
  const places = isOnDevice ? dialPlacesOf(topology, node, route.port) : [showPlace(route.host, route.port)];
  return flow({ from, node, places, sni, lookups, purpose: 'client' });
}

/** A relay without a link passes TLS on as it is, with the name in its hello. */
function relayedFlows(topology: Topology): Flow[] {
  const relay = findRelay(topology);
  const own = findOwnServer(topology);
  if (relay === undefined || own === undefined || findLink(topology, relay.name, own.name) !== undefined) return [];
  return relayedNames(topology).map((sni) => {
    const places = dialPlacesOf(topology, own, own.listen[0] ?? 0);
    return flow({ from: relay, node: own, places, sni, lookups: [], purpose: 'relayed' });
  });
}

function linkFlows(topology: Topology): Flow[] {
  return topology.links.flatMap(({ from, to, dial }) => {
    const dialler = topology.nodes.get(dial);
    const node = topology.nodes.get(dial === from ? to : from);
    if (dialler === undefined || node === undefined) return [];
    const places = dialPlacesOf(topology, node, node.listen[0] ?? 0);
    const carries = isRelay(dialler) || isRelay(node) ? (['client'] as const) : (['federation'] as const);
    return [
      { ...flow({ from: dialler, node, places, sni: null, lookups: namesIn(places), purpose: 'link' }), carries },
    ];
  });
}

function federationFlows(topology: Topology): Flow[] {
  const servers = homeserversOf(topology);
  return servers.flatMap((from) =>
    servers.flatMap((node) => {
      if (node === from) return [];
      const places = connectOf(topology, from, node).filter((place) => linkedNodeOf(place) === undefined);
      if (places.length === 0) return [];
      const sni = hostOf(serverNameOf(topology, node));
      return [flow({ from, node, places, sni, lookups: namesIn(places), purpose: 'federation' })];
    }),
  );
}

function namesIn(places: readonly string[]): string[] {
  return places.map(hostOf).filter(isHostName);
}

interface FlowParts extends Pick<Flow, 'places' | 'sni' | 'lookups' | 'purpose'> {
  readonly from: Users | TopologyNode;
  readonly node: TopologyNode;
}

function flow({ from, node, places, sni, lookups, purpose }: FlowParts): Flow {
  const startsInside = typeof from === 'string' ? from === 'users-inside' : isInside(from);
  return {
    from: typeof from === 'string' ? from : from.name,
    to: node.name,
    purpose,
    places,
    sni,
    lookups,
    crossesBorder: startsInside !== isInside(node),
    carries: [],
  };
}
