/** The layouts that are tried, as data: who runs where, under which names, and what people must do first. Pure. */
import type { Zone } from '../shape/profiles.ts';

/** A homeserver of a layout. */
export interface ServerPlan {
  readonly host: string;
  readonly serverName: string;
  /** Names on its certificate. */
  readonly names: readonly string[];
  readonly ports: readonly { readonly port: number; readonly apis: readonly string[] }[];
  /** The node as its peers call it. */
  readonly node: string;
}

export interface RelayPlan {
  readonly host: string;
  readonly port: number;
  /** The name that it passes on. */
  readonly name: string;
  /** Over a link that it dials, over one that the server dials, or TLS as it is. */
  readonly way: 'link' | 'reverse-link' | 'plain';
}

export interface Layout {
  readonly name: string;
  readonly about: string;
  /** The server of the people inside. */
  readonly own: ServerPlan;
  /** The server of the people abroad; the same one where there is only one. */
  readonly friends: ServerPlan;
  readonly relay?: RelayPlan;
  /** How the two servers reach each other. */
  readonly federation: 'none' | 'discovery' | 'overrides' | 'link';
  /** What people open. */
  readonly origin: string;
  /** How a device inside learns of the address. */
  readonly naming: { readonly by: 'dns' | 'hosts'; readonly name: string; readonly host: string };
  /** Where the name servers of the zone stand. */
  readonly zoneAt: 'cn' | 'world';
  /** Names that have a licence. */
  readonly licensed: readonly string[];
  /** What a person does before the first page, besides opening an invitation. */
  readonly userSteps: number;
  /** Machines, records and licences that an operator sees to. */
  readonly operatorParts: number;
  /** Hosts whose line translates addresses. */
  readonly translated?: readonly Zone[];
}

const CLIENT = ['client', 'media', 'web'];
const SERVER = ['federation', 'keys'];

function friendsServer(apis: readonly string[] = []): ServerPlan {
  return {
    host: 'abroad',
    node: 'abroad',
    serverName: 'friends.example',
    names: ['friends.example'],
    ports: [
      { port: 443, apis: CLIENT },
      { port: 8_448, apis: [...SERVER, ...apis] },
    ],
  };
}

function hiddenServer(port: number, names: readonly string[] = [], apis: readonly string[] = []): ServerPlan {
  return {
    host: 'cloud',
    node: 'cloud',
    serverName: 'hidden.example',
    names: ['hidden.example', ...names],
    ports: [{ port, apis: [...CLIENT, ...SERVER, ...apis] }],
  };
}

const ONE: ServerPlan = {
  host: 'abroad',
  node: 'abroad',
  serverName: 'abroad.example',
  names: ['abroad.example'],
  ports: [{ port: 443, apis: [...CLIENT, ...SERVER] }],
};

/** The label of a home line is random: guessable ones are looked for. */
const HOME_NAME = 'k3f9.hidden.example';
const RELAYED = {
  origin: `https://${HOME_NAME}:40443`,
  naming: { by: 'dns', name: HOME_NAME, host: 'home' },
  zoneAt: 'cn',
  licensed: [],
  userSteps: 0,
} as const;

export const LAYOUTS: readonly Layout[] = [
  {
    name: '1',
    about: 'one server abroad',
    own: ONE,
    friends: ONE,
    federation: 'none',
    origin: 'https://abroad.example',
    naming: { by: 'dns', name: 'abroad.example', host: 'abroad' },
    zoneAt: 'world',
    licensed: [],
    userSteps: 0,
    operatorParts: 2,
  },
  {
    name: '2',
    about: 'licensed server in a data centre inside, public record',
    own: {
      host: 'cloud',
      node: 'cloud',
      serverName: 'licensed.example',
      names: ['licensed.example'],
      ports: [
        { port: 443, apis: CLIENT },
        { port: 8_448, apis: SERVER },
      ],
    },
    friends: friendsServer(),
    federation: 'discovery',
    origin: 'https://licensed.example',
    naming: { by: 'dns', name: 'licensed.example', host: 'cloud' },
    zoneAt: 'cn',
    licensed: ['licensed.example'],
    userSteps: 0,
    operatorParts: 5,
  },
  {
    name: '3',
    about: 'server in a data centre inside, no public record, hosts entry on each device',
    own: hiddenServer(8_448),
    friends: friendsServer(),
    federation: 'overrides',
    origin: 'https://hidden.example:8448',
    naming: { by: 'hosts', name: 'hidden.example', host: 'cloud' },
    zoneAt: 'cn',
    licensed: [],
    userSteps: 4,
    operatorParts: 3,
  },
  {
    name: '4',
    about: '3, and a relay on a home line that passes TLS on as it is',
    own: hiddenServer(41_443, [HOME_NAME]),
    friends: friendsServer(),
    relay: { host: 'home', port: 40_443, name: HOME_NAME, way: 'plain' },
    federation: 'overrides',
    operatorParts: 4,
    ...RELAYED,
  },
  {
    name: '4t',
    about: '3, and a relay on a home line; links without a name between all nodes',
    own: hiddenServer(41_443, [HOME_NAME], ['link']),
    friends: friendsServer(['link']),
    relay: { host: 'home', port: 40_443, name: HOME_NAME, way: 'link' },
    federation: 'link',
    operatorParts: 4,
    ...RELAYED,
  },
  {
    name: '12',
    about: 'server on a home line behind address translation, which dials a relay in a data centre',
    own: {
      host: 'home',
      node: 'home',
      serverName: 'hidden.example',
      names: ['hidden.example', 'front.example'],
      ports: [{ port: 41_443, apis: [...CLIENT, ...SERVER] }],
    },
    friends: friendsServer(['link']),
    relay: { host: 'cloud', port: 8_443, name: 'front.example', way: 'reverse-link' },
    federation: 'link',
    origin: 'https://front.example:8443',
    naming: { by: 'dns', name: 'front.example', host: 'cloud' },
    zoneAt: 'cn',
    licensed: [],
    userSteps: 0,
    operatorParts: 3,
    translated: ['cn-home'],
  },
];

/** Every name that the public could know of a layout. */
export function publicNames(layout: Layout): string[] {
  return [...new Set([layout.own.serverName, layout.naming.name])];
}
