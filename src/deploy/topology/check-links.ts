/** Links that cannot come up: ends that are none, and a dialler that cannot reach the other side. */
import { dialPlacesOf, isInside } from './derive.ts';
import { type Note, show } from './mistakes.ts';
import type { Topology, TopologyLink, TopologyNode } from './topology.ts';

/** Notes what is wrong with each link. */
export function checkLinks(topology: Topology, note: Note): void {
  const seen = new Set<string>();
  const nodes = [...topology.nodes.keys()].join(', ');
  for (const [index, link] of topology.links.entries()) {
    const path = ['links', String(index)];
    const { from, to, dial } = link;
    for (const end of ['from', 'to'] as const) {
      if (!topology.nodes.has(link[end])) note([...path, end], 'unknown-node', { found: show(link[end]), nodes });
    }
    const pair = [from, to].toSorted().join(' ');
    if (from === to) note(path, 'link-self', { found: from });
    else if (seen.has(pair)) note(path, 'link-twice', { from, to });
    else if (dial !== from && dial !== to) note([...path, 'dial'], 'link-dial', { found: show(dial), from, to });
    else checkDial(topology, link, (name, values) => note([...path, 'dial'], name, values));
    seen.add(pair);
    checkFallback(topology, link, (at, values) => note([...path, 'fallback', String(at)], 'fallback-path', values));
  }
}

/** All nodes take the calls of links at one path, on sites too. */
function checkFallback(
  { linkPath }: Topology,
  { fallback }: TopologyLink,
  note: (at: number, values: { found: string; path: string }) => void,
): void {
  for (const [at, text] of fallback.entries()) {
    const url = text === 'webrtc' ? null : URL.parse(text);
    if (url !== null && url.pathname + url.search !== linkPath) note(at, { found: show(text), path: linkPath });
  }
}

type NoteDial = (name: Parameters<Note>[1], values: { dial: string; other: string }) => void;

function checkDial(topology: Topology, { from, to, dial }: TopologyLink, note: NoteDial): void {
  const dialler = topology.nodes.get(dial);
  const target = topology.nodes.get(dial === from ? to : from);
  if (dialler === undefined || target === undefined) return;
  const values = { dial, other: target.name };
  if (target.nat === 'cgnat') note('link-target-cgnat', values);
  else if (target.listen.length === 0) note('link-target-silent', values);
  else if (!isPlaced(topology, target)) note('link-target-unplaced', values);
  // "cross-border connections ending at an IDC host are treated more loosely than ones ending at a home line (ssh to a
  // home PC is cut after a while, ssh to a server is stable)": DEPLOYMENT §2.
  else if (!isInside(dialler) && target.zone === 'cn-home') note('link-into-home', values);
}

function isPlaced(topology: Topology, node: TopologyNode): boolean {
  return dialPlacesOf(topology, node, node.listen[0] ?? 0).length > 0;
}
