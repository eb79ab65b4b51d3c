/** Mixes that cannot work, each refused with its reason. */
import { isIP } from 'node:net';
import { splitServerName } from '../../matrix/server-address.ts';
import { checkLinks } from './check-links.ts';
import { checkOption } from './check-option.ts';
import { checkRoutes } from './check-routes.ts';
import { findOwnServer, homeserversOf, isHomeserver, isRelay, serverNameOf } from './derive.ts';
import { isGuessableLabel } from './labels.ts';
import { type Mistake, type Note, show } from './mistakes.ts';
import { readShape } from './parse.ts';
import type { Topology, TopologyNode } from './topology.ts';

export type ParsedTopology =
  | { readonly topology: Topology; readonly mistakes: undefined }
  | { readonly topology: undefined; readonly mistakes: readonly Mistake[] };

/** Reads a topology from plain data: the typed one, or every mistake at once. */
export function parseTopology(value: unknown): ParsedTopology {
  const mistakes: Mistake[] = [];
  const topology = readShape(value, mistakes);
  // What was read wrong stands as its default: mixes are judged only where the shape is right.
  if (mistakes.length === 0) mistakes.push(...checkTopology(topology));
  return mistakes.length === 0 ? { topology, mistakes: undefined } : { topology: undefined, mistakes };
}

function checkTopology(topology: Topology): Mistake[] {
  const mistakes: Mistake[] = [];
  const note: Note = (path, name, values = {}) => void mistakes.push({ path, name, values });
  checkServers(topology, note);
  for (const node of topology.nodes.values()) {
    checkRoles(topology, node, note);
    checkPorts(node, note);
    checkPlace(topology, node, note);
    checkPublicName(topology, node, note);
  }
  checkLinks(topology, note);
  const own = findOwnServer(topology);
  if (own !== undefined) {
    checkOption(topology, own, note);
    checkRoutes(topology, note);
  }
  checkReferences(topology, note);
  return mistakes;
}

function isAddress(serverName: string): boolean {
  const { host } = splitServerName(serverName);
  return isIP(host) !== 0 || /^[0-9.]+$/.test(host);
}

function checkServers(topology: Topology, note: Note): void {
  if (isAddress(topology.name)) note(['name'], 'name-is-address', { found: show(topology.name) });
  const servers = homeserversOf(topology);
  if (servers.length === 0) note(['nodes'], 'no-homeserver');
  else if (findOwnServer(topology) === undefined) note(['nodes'], 'own-server-missing', { name: topology.name });
  const seen = new Map<string, string>();
  for (const node of servers) {
    const name = serverNameOf(topology, node).toLowerCase();
    const path = ['nodes', node.name, 'server'];
    const other = seen.get(name);
    if (other !== undefined) note(path, 'server-twice', { found: show(name), other });
    if (node.server !== undefined && isAddress(node.server)) note(path, 'name-is-address', { found: show(name) });
    seen.set(name, node.name);
  }
}

function checkRoles(topology: Topology, node: TopologyNode, note: Note): void {
  const path = ['nodes', node.name, 'role'];
  const first = [...topology.nodes.values()].find(isRelay);
  if (!isHomeserver(node) && node.server !== undefined) {
    note(['nodes', node.name, 'server'], 'server-without-homeserver', { found: show(node.server) });
  }
  if (!isHomeserver(node) && !isRelay(node)) note(path, 'nothing-to-run');
  if (isHomeserver(node) && isRelay(node)) note(path, 'relay-and-homeserver');
  if (isRelay(node) && first !== undefined && first !== node) note(path, 'several-relays', { other: first.name });
}

/** "Without a licence ISPs block ports 53, 80 and 443 for all devices": DEPLOYMENT §2. */
const BLOCKED_PORTS = [53, 80, 443];

function checkPorts(node: TopologyNode, note: Note): void {
  const path = ['nodes', node.name, 'listen'];
  const isBlocked = node.zone === 'cn-home' || (node.zone === 'cn-idc' && node.licence === 'none');
  for (const [index, port] of node.listen.entries()) {
    if (!isBlocked || !BLOCKED_PORTS.includes(port)) continue;
    note([...path, String(index)], node.zone === 'cn-home' ? 'home-port' : 'idc-port', { found: port });
  }
  if (isRelay(node) && node.listen.length !== 1) note(path, 'relay-ports', { count: node.listen.length });
}

/** Two nodes may share a machine, but not a port of it; and one without a port is reached over what it dials. */
function checkPlace(topology: Topology, node: TopologyNode, note: Note): void {
  const path = ['nodes', node.name, 'listen'];
  for (const other of topology.nodes.values()) {
    if (other === node) break;
    const isShared = node.addresses.some((one) => other.addresses.includes(one));
    const port = isShared ? node.listen.find((one) => other.listen.includes(one)) : undefined;
    if (port !== undefined) note(path, 'place-twice', { found: port, other: other.name });
  }
  const isAlone = node.listen.length === 0 && !topology.links.some(({ dial }) => dial === node.name);
  if (isAlone && isHomeserver(node) && node !== findOwnServer(topology)) note(path, 'homeserver-no-port');
}

function checkPublicName(topology: Topology, node: TopologyNode, note: Note): void {
  const path = ['nodes', node.name];
  if (node.zone === 'cn-idc' && node.hasPublicDns && node.licence === 'none') {
    note([...path, 'publicDns'], 'unlicensed-public-name');
  }
  const label = node.ddnsLabel;
  if (label === undefined) return;
  if (isGuessableLabel(label)) note([...path, 'ddns', 'label'], 'guessable-label', { found: show(label) });
  const named = topology.routes.filter((route) => !route.isLiteral && node.listen.includes(route.port));
  const { name } = topology;
  if (label === 'random' && named.length === 0) note([...path, 'ddns', 'label'], 'label-random', { name });
  if (label !== 'random' && !named.some(({ host }) => host.startsWith(`${label}.`))) {
    note([...path, 'ddns', 'label'], 'label-unused', { found: label, name });
  }
}

function checkReferences(topology: Topology, note: Note): void {
  const nodes = [...topology.nodes.keys()].join(', ');
  const { pushVia } = topology;
  if (pushVia !== undefined && !topology.nodes.has(pushVia)) {
    note(['push', 'via'], 'unknown-node', { found: show(pushVia), nodes });
  }
  for (const [name, { connect }] of topology.overrides) {
    for (const [index, place] of connect.entries()) {
      if (!place.startsWith('link:')) continue;
      const node = place.slice('link:'.length);
      const path = ['federationOverrides', name, 'connect', String(index)];
      const target = topology.nodes.get(node);
      if (target === undefined) note(path, 'unknown-node', { found: show(node), nodes });
      else if (!isHomeserver(target) || serverNameOf(topology, target).toLowerCase() !== name.toLowerCase()) {
        note(path, 'override-other-server', { found: show(place), node, name });
      } else if (!topology.links.some(({ from, to }) => from === node || to === node)) {
        note(path, 'override-no-link', { found: show(place), node });
      }
    }
  }
}
