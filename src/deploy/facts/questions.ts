/** What there is to ask about a deployment, from where one stands. Pure. */
import { isIP } from 'node:net';
import { readInvite } from '../../matrix/routes/invite.ts';
import { splitServerName } from '../../matrix/server-address.ts';
import { clientRoutesOf, findNodeOfRoute, hostOf, homeserversOf, serverNameOf, showPlace } from '../topology/derive.ts';
import { isGuessableLabel } from '../topology/labels.ts';
import type { NetworkFacts } from '../topology/network-facts.ts';
import type { Topology, TopologyNode } from '../topology/topology.ts';
import type { RouteQuestion } from './network.ts';

/** Ports that providers of home lines block: 53, 80 and 443, and some of them 25 and 8080. */
const HOME_PORTS: ReadonlySet<number> = new Set([25, 53, 80, 443, 8_080]);

/** The routes of users. */
export function userQuestions(topology: Topology): RouteQuestion[] {
  return clientRoutesOf(topology)
    .filter(({ scheme }) => scheme === 'https')
    .map((route) => {
      const node = findNodeOfRoute(topology, route);
      return {
        route: route.text,
        host: route.host,
        port: route.port,
        expected: node?.addresses ?? [],
        otherPorts: (node?.listen ?? []).filter((port) => port !== route.port),
      };
    });
}

/** What a node dials: the other ends of its links, and the places of other servers. */
export function nodeQuestions(topology: Topology, from: TopologyNode): RouteQuestion[] {
  const linked = topology.links.flatMap(({ from: one, to: other, dial }) => {
    if (dial !== from.name || (one !== from.name && other !== from.name)) return [];
    const peer = topology.nodes.get(one === from.name ? other : one);
    return peer === undefined ? [] : placesOf(peer);
  });
  const overridden = [...topology.overrides.values()].flatMap(({ connect }) => connect.flatMap(questionOf));
  const seen = new Set<string>();
  return [...linked, ...overridden].filter(({ route }) => !seen.has(route) && seen.add(route));
}

function placesOf({ addresses, listen }: TopologyNode): RouteQuestion[] {
  return addresses.flatMap((address) =>
    listen.slice(0, 1).map((port) => ({
      route: `https://${showPlace(address, port)}`,
      host: address,
      port,
      expected: [address],
      otherPorts: listen.slice(1),
    })),
  );
}

function questionOf(place: string): RouteQuestion[] {
  if (!/^(?:\[[^\]]+\]|[^:/]+):[0-9]+$/.test(place)) return [];
  const { host, port } = splitServerName(place);
  if (port === undefined) return [];
  const bare = host.replace(/^\[|\]$/g, '');
  const expected = isIP(bare) === 0 ? [] : [bare];
  return [{ route: `https://${place}`, host: bare, port, expected, otherPorts: [] }];
}

/** A URL that somebody was given, as a question; `undefined` where it is none. */
export function routeQuestion(text: string): RouteQuestion | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.protocol !== 'https:') return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? 443 : Number(url.port);
  return { route: `https://${url.host}`, host, port, expected: [], otherPorts: [] };
}

/** The routes of an invite, as a link or as text; `undefined` where it is none. Those over WebRTC are left out. */
export function inviteQuestions(pasted: string): RouteQuestion[] | undefined {
  return readInvite(pasted)?.routes.flatMap((route) => {
    const question = route.kind === 'web' ? routeQuestion(route.baseUrl) : undefined;
    return question === undefined ? [] : [question];
  });
}

export interface PublicName {
  readonly name: string;
  /** What public DNS says. */
  readonly addresses: readonly string[];
}

/** Names whose public records may be forbidden ones. */
export function namesToResolve(topology: Topology): string[] {
  const servers = homeserversOf(topology).map((node) => hostOf(serverNameOf(topology, node)));
  const routes = clientRoutesOf(topology).map(({ host }) => host);
  return [...new Set([...servers, ...routes])].filter((one) => isIP(one) === 0);
}

/** States that bring a machine into trouble whatever the network does. */
export function forbiddenStates(topology: Topology, names: readonly PublicName[]): NetworkFacts['forbidden'] {
  const nodes = [...topology.nodes.values()];
  const inside = nodes.filter(({ zone, licence }) => zone === 'cn-idc' && licence === 'none');
  const home = nodes.filter(({ zone }) => zone === 'cn-home');
  const hosts = clientRoutesOf(topology).filter((route) => findNodeOfRoute(topology, route)?.zone === 'cn-home');
  return {
    unlicensed: names.flatMap(({ name, addresses }) =>
      inside.flatMap((node) => {
        const address = addresses.find((one) => node.addresses.includes(one));
        return address === undefined ? [] : [{ name, node: node.name, address }];
      }),
    ),
    homePorts: home.flatMap((node) =>
      node.listen.filter((port) => HOME_PORTS.has(port)).map((port) => ({ node: node.name, port })),
    ),
    guessable: hosts
      .filter(({ host, isLiteral }) => !isLiteral && isGuessableLabel(host))
      .map((route) => ({ host: route.host, node: findNodeOfRoute(topology, route)?.name ?? '' })),
  };
}
