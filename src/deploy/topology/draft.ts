/** The first topology file of an option, from the few answers that nobody can guess. Pure. */
import { showPlace } from './derive.ts';
import type { BuiltOption, NodeZone } from './topology.ts';

/** Where a node is reached: fixed addresses, or none on a line whose address changes; no port where nobody gets in. */
export interface DraftPlace {
  readonly addresses: readonly string[];
  readonly port: number | undefined;
}

export interface DraftAnswers {
  /** The server's name. */
  readonly name: string;
  readonly option: BuiltOption;
  readonly server: DraftPlace;
  /** The relay before it, where the option has one. */
  readonly front?: DraftPlace | undefined;
  /** A server abroad that it has a link with. */
  readonly abroad?: { readonly name: string; readonly place: DraftPlace } | undefined;
}

export interface DraftSecrets {
  /** Of a name on a home line: nothing that could be guessed. */
  readonly label: string;
  /** Behind which a hidden server is. */
  readonly pathSecret: string;
  /** Where links are taken. */
  readonly linkPath: string;
  /** The key of each node's links. */
  readonly keys: ReadonlyMap<DraftNode, string>;
}

/** Names of the nodes of a draft. */
const DRAFT_NODES = ['server', 'front', 'abroad'] as const;
export type DraftNode = (typeof DRAFT_NODES)[number];

interface Layout {
  readonly serverZone: NodeZone;
  readonly frontZone?: NodeZone;
  /** The front and the server have a link; whoever of the two cannot be dialled dials. */
  readonly isLinked?: boolean;
  readonly licence?: 'filed';
  /** What is written down beside the name that a relay has. */
  readonly routes?: readonly ('name' | 'address' | 'webrtc')[];
  readonly isHidden?: boolean;
  /** A server on a home line has a name of its own there, which says nothing. */
  readonly needsAbroad?: boolean;
}

const LAYOUTS: Readonly<Record<BuiltOption, Layout>> = {
  '1': { serverZone: 'world' },
  '2': { serverZone: 'cn-idc', licence: 'filed' },
  '3': { serverZone: 'cn-idc' },
  '4': { serverZone: 'cn-idc', frontZone: 'cn-home' },
  '4t': { serverZone: 'cn-idc', frontZone: 'cn-home', isLinked: true },
  '5': { serverZone: 'cn-idc', frontZone: 'cn-home', isLinked: true, routes: ['webrtc'] },
  '6': { serverZone: 'world', isHidden: true },
  '7': { serverZone: 'world', routes: ['webrtc', 'name'] },
  '9': { serverZone: 'world', routes: ['address', 'name'] },
  '11': { serverZone: 'cn-home', routes: ['name'], needsAbroad: true },
  '12': { serverZone: 'cn-home', frontZone: 'world', isLinked: true },
};

/** Whether the option has a relay, and thus asks for its place. */
export function draftHasFront(option: BuiltOption): boolean {
  return LAYOUTS[option].frontZone !== undefined;
}

/** Whether it is nothing without a server abroad. */
export function draftNeedsAbroad(option: BuiltOption): boolean {
  return LAYOUTS[option].needsAbroad === true;
}

/** The nodes that the answers come to. */
export function draftNodes({ option, abroad }: Pick<DraftAnswers, 'option' | 'abroad'>): DraftNode[] {
  const has: Readonly<Record<DraftNode, boolean>> = {
    server: true,
    front: draftHasFront(option),
    abroad: abroad !== undefined,
  };
  return DRAFT_NODES.filter((node) => has[node]);
}

/** Those of them that have a link, and thus a key. */
export function linkedNodes(answers: DraftAnswers): DraftNode[] {
  const ends = linksOf(answers).flatMap(({ from, to }) => [from, to]);
  return draftNodes(answers).filter((node) => ends.includes(node));
}

/** The draft as plain data, the keys in the order in which a person reads them. */
export function draftTopology(answers: DraftAnswers, secrets: DraftSecrets): Readonly<Record<string, unknown>> {
  const { name, option } = answers;
  const links = linksOf(answers);
  const routes = routesOf(answers, secrets);
  const nodes = draftNodes(answers).map((node) => [node, nodeOf(node, answers, secrets)] as const);
  return {
    name,
    option,
    nodes: Object.fromEntries(nodes),
    ...(links.length > 0 && { links, linkPath: secrets.linkPath }),
    ...(routes.length > 0 && { routes }),
    ...(LAYOUTS[option].isHidden === true && { pathSecret: secrets.pathSecret }),
  };
}

function nodeOf(node: DraftNode, answers: DraftAnswers, { label, keys }: DraftSecrets): Record<string, unknown> {
  const { option, server, front, abroad } = answers;
  const { serverZone, frontZone, licence } = LAYOUTS[option];
  const key = linkedNodes(answers).includes(node) ? { key: keys.get(node) } : {};
  switch (node) {
    case 'server':
      return {
        zone: serverZone,
        role: ['homeserver'],
        ...placeOf(server),
        ...(serverZone === 'cn-idc' && { publicDns: licence === 'filed' }),
        ...(licence !== undefined && { licence }),
        ...(serverZone === 'cn-home' && server.port !== undefined && { nat: 'manual', ddns: { label } }),
        ...key,
      };
    case 'front':
      return {
        zone: frontZone,
        role: ['relay'],
        ...(front === undefined ? {} : placeOf(front)),
        ...(frontZone === 'cn-home' && { nat: 'manual', ddns: { label } }),
        ...key,
      };
    case 'abroad':
      return {
        zone: 'world',
        role: ['homeserver', 'notary'],
        ...(abroad !== undefined && { server: abroad.name, ...placeOf(abroad.place) }),
        ...key,
      };
  }
}

function placeOf({ addresses, port }: DraftPlace): Record<string, unknown> {
  return {
    addr: addresses.length === 0 ? 'dynamic' : addresses,
    ...(port === undefined ? { nat: 'cgnat' } : { listen: [port] }),
  };
}

function linksOf({ option, server, abroad }: DraftAnswers): { from: string; to: string; dial: string }[] {
  const { isLinked = false, serverZone } = LAYOUTS[option];
  // A relay on a home line dials the server in its data centre; a server that nobody can dial dials its relay.
  const dial = serverZone === 'cn-home' || server.port === undefined ? 'server' : 'front';
  return [
    ...(isLinked ? [{ from: 'front', to: 'server', dial }] : []),
    ...(abroad === undefined ? [] : [{ from: 'server', to: 'abroad', dial: 'server' }]),
  ];
}

function routesOf({ option, name, server, front }: DraftAnswers, { label }: DraftSecrets): string[] {
  const { frontZone, serverZone, routes = [] } = LAYOUTS[option];
  // On a home line the name says nothing; abroad it is the server's own.
  const nameIn = (zone: NodeZone): string => (zone === 'cn-home' ? `${label}.${name}` : name);
  const first =
    frontZone === undefined || front?.port === undefined ? [] : [`https://${showPlace(nameIn(frontZone), front.port)}`];
  const { port } = server;
  const [address] = server.addresses;
  if (port === undefined) return first;
  const written = {
    name: [`https://${showPlace(nameIn(serverZone), port)}`],
    address: address === undefined ? [] : [`https://${showPlace(address, port)}`],
    webrtc: address === undefined ? [] : [`webrtc://${showPlace(address, port)}`],
  };
  return [...first, ...routes.flatMap((kind) => written[kind])];
}
