/** Duties and warnings of a plan. */
import {
  clientRoutesOf,
  dialPlacesOf,
  findNodeOfRoute,
  findOwnServer,
  homeserversOf,
  isHomeserver,
  isInside,
  isRelay,
  serverNameOf,
} from '../topology/derive.ts';
import type { BuiltOption, Role, Topology } from '../topology/topology.ts';
import type { Flow, Plan, Remark } from './plan.ts';
import { challengeZones } from './issuers.ts';
import { connectOf, isFoundByAll } from './ways.ts';

/** What the law and the terms of providers ask of this layout. The decision is the operator's. */
export function dutiesOf(topology: Topology, layout: BuiltOption): Remark[] {
  const inside = [...topology.nodes.values()].filter(isInside);
  const duties: Remark[] = [{ name: 'duty-own-nodes', values: {} }];
  if (inside.length === 0) return duties;
  duties.push({ name: 'duty-filing', values: { nodes: inside.map(({ name }) => name).join(', ') } });
  if (inside.some(({ zone }) => zone === 'cn-idc')) duties.push({ name: 'duty-idc-terms', values: {} });
  if (inside.some(({ zone }) => zone === 'cn-home')) duties.push({ name: 'duty-home-terms', values: {} });
  if (layout === '2') duties.push({ name: 'duty-record', values: {} });
  return [...duties, { name: 'duty-decide', values: {} }];
}

/** What the plan does not do, or what may go wrong with it. */
export function warningsOf(
  topology: Topology,
  { flows, certificates }: Pick<Plan, 'flows' | 'certificates'>,
): Remark[] {
  const short = certificates.filter(({ method }) => method === 'shortlived');
  return [
    ...short.map(({ node }): Remark => ({ name: 'certificate-short', values: { node } })),
    ...notBuilt(topology),
    ...shownNames(topology, flows),
    ...homeLines(topology, flows),
    ...federation(topology),
    ...odds(topology),
  ];
}

const ROLE_REMARKS: Readonly<Partial<Record<Role, Remark['name']>>> = {
  dns: 'not-built-dns',
  push: 'not-built-push',
};

function notBuilt(topology: Topology): Remark[] {
  const roles = [...topology.nodes.values()].flatMap((node) =>
    node.roles.flatMap((role): Remark[] => {
      const name = ROLE_REMARKS[role];
      return name === undefined ? [] : [{ name, values: { node: node.name } }];
    }),
  );
  const zones = challengeZones(topology);
  const issuing = [...topology.nodes.values()].filter(({ roles }) => roles.includes('acme'));
  const idle = issuing.filter((node) => zones.every((zone) => zone.node !== node));
  const fallbacks = topology.links.filter(({ fallback }) => fallback.includes('webrtc'));
  return [
    ...roles,
    ...idle.map(({ name: node }): Remark => ({ name: 'acme-idle', values: { node } })),
    ...zones.map(({ node, name: zone }): Remark => ({ name: 'acme-zone', values: { node: node.name, zone } })),
    ...fallbacks.map(({ from, to }): Remark => ({ name: 'not-built-fallback', values: { from, to } })),
    ...(topology.devices.doh === undefined ? [] : [{ name: 'not-built-doh', values: {} } as const]),
    ...(topology.pushVia === undefined ? [] : [{ name: 'not-built-push-via', values: {} } as const]),
  ];
}

function shownNames(topology: Topology, flows: readonly Flow[]): Remark[] {
  const isUnlicensed = (name: string): boolean => {
    const node = topology.nodes.get(name);
    return node?.zone === 'cn-idc' && node.licence === 'none';
  };
  const shown = flows.filter((one) => one.sni !== null && isUnlicensed(one.to));
  return shown.map(({ from, to, sni }) => ({ name: 'shows-name-to-idc', values: { from, to, sni: sni ?? '' } }));
}

/** Ports that some providers watch beside those that they block. */
const WATCHED_PORTS = [25, 8080];

function homeLines(topology: Topology, flows: readonly Flow[]): Remark[] {
  const home = [...topology.nodes.values()].filter(({ zone }) => zone === 'cn-home');
  const isHome = (name: string): boolean => home.some((node) => node.name === name);
  const crossing = flows.filter((one) => one.purpose === 'link' && one.crossesBorder && isHome(one.from));
  const ports = home.flatMap(({ name: node, listen }) =>
    listen.filter((port) => WATCHED_PORTS.includes(port)).map((port) => ({ node, port })),
  );
  const moving = [...topology.nodes.values()].filter((node) => isRelay(node) && node.addresses.length === 0);
  return [
    ...crossing.map(({ from, to }): Remark => ({ name: 'home-link-crosses', values: { from, to } })),
    ...ports.map((values): Remark => ({ name: 'port-watched', values })),
    ...moving.map(({ name: node }): Remark => ({ name: 'address-moves', values: { node } })),
  ];
}

function federation(topology: Topology): Remark[] {
  const servers = homeserversOf(topology);
  const cut = servers.flatMap((from) =>
    servers
      .filter((to) => to !== from && connectOf(topology, from, to).length === 0)
      .map((to): Remark => ({ name: 'servers-apart', values: { from: from.name, to: to.name } })),
  );
  return isFoundByAll(topology) ? cut : [...cut, { name: 'found-by-own-only', values: { name: topology.name } }];
}

function odds(topology: Topology): Remark[] {
  const own = findOwnServer(topology);
  const found: Remark[] = [];
  if (topology.name.includes(':')) found.push({ name: 'name-has-port', values: { name: topology.name } });
  if (topology.links.length > 0 && topology.linkPath === '/link') found.push({ name: 'link-path-known', values: {} });
  for (const route of clientRoutesOf(topology)) {
    const node = findNodeOfRoute(topology, route);
    if (node === undefined || node === own || isRelay(node)) continue;
    const server = serverNameOf(topology, node);
    found.push({ name: 'route-of-other-server', values: { route: route.text, server } });
  }
  for (const [server, { key }] of topology.overrides) {
    if (key !== undefined) found.push({ name: 'override-key-unused', values: { server } });
  }
  for (const node of topology.nodes.values()) {
    const isLinked = topology.links.some(({ from, to }) => from === node.name || to === node.name);
    if (isLinked && node.key === undefined) found.push({ name: 'key-missing', values: { node: node.name } });
    const needsPlace = isHomeserver(node) && node.hasPublicDns && node.nat !== 'cgnat' && isRelay(node) === false;
    const isPlaced = node.listen.length === 0 || dialPlacesOf(topology, node, node.listen[0] ?? 0).length > 0;
    if (needsPlace && !isPlaced) found.push({ name: 'address-moves', values: { node: node.name } });
  }
  return found;
}
