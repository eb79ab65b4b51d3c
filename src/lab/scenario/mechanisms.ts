/** What is switched on in each cell of the matrix, as data made for a layout. Pure. */
import type { Rule } from '../censor/rules.ts';
import { HOSTS, NATION, type Place } from '../network/topology.ts';
import type { BorderProfile } from '../shape/profiles.ts';
import { type Layout, publicNames } from './layouts.ts';

export interface PlacedRule {
  readonly rule: Rule;
  readonly place: Place;
}

export interface Mechanism {
  readonly name: string;
  /** Its number in the model; 0 is none. */
  readonly number: number;
  readonly about: string;
  readonly rules: (layout: Layout) => readonly PlacedRule[];
  readonly border?: BorderProfile;
  /** Whether resolvers inside ask name servers abroad, whatever the layout says. */
  readonly zoneAbroad?: boolean;
}

/** Where people abroad and their server are. */
const ABROAD = ['203.0.113.0/24', '2001:db8:2::/48'];
const DATA_CENTRE = ['198.51.100.80', '198.51.100.81', '2001:db8:1::50', '2001:db8:1::51'];

const atBorder = (rule: Rule): PlacedRule => ({ rule, place: NATION });
const atDataCentre = (rule: Rule): PlacedRule => ({ rule, place: ['cn-idc'] });
const atHome = (rule: Rule): PlacedRule => ({ rule, place: ['cn-home'] });

/** What the public DNS says of a layout. */
function zoneOf(layout: Layout): { name: string; addresses: readonly string[] }[] {
  const addressesOf = (host: string): readonly string[] => HOSTS.find((one) => one.name === host)?.addresses ?? [];
  const { by, name, host } = layout.naming;
  const own = by === 'dns' ? [{ name, addresses: addressesOf(host) }] : [];
  return [...own, { name: layout.friends.serverName, addresses: addressesOf(layout.friends.host) }];
}

export const MECHANISMS: readonly Mechanism[] = [
  { name: 'none', number: 0, about: 'nothing but the calm border', rules: () => [] },
  {
    name: 'dns',
    number: 1,
    about: 'forged answers for the names of the layout; its zone is where the layout has it',
    rules: (layout) => [atBorder({ kind: 'dns', names: publicNames(layout), injectors: 3 })],
  },
  {
    name: 'dns-abroad',
    number: 1,
    about: 'the same, and the name servers of the zone are abroad',
    rules: (layout) => [atBorder({ kind: 'dns', names: publicNames(layout), injectors: 3 })],
    zoneAbroad: true,
  },
  {
    name: 'sni-rst',
    number: 2,
    about: 'names of the layout in hellos that cross the border: reset, and a penalty',
    rules: (layout) => [atBorder({ kind: 'sni', names: publicNames(layout), action: 'rst', residualProbability: 0.6 })],
  },
  {
    name: 'sni-drop',
    number: 3,
    about: 'the same, by silence; encrypted names, too',
    rules: (layout) => [atBorder({ kind: 'sni', names: publicNames(layout), action: 'drop', esni: true })],
  },
  {
    name: 'mismatch',
    number: 3,
    about: 'names in hellos that the public DNS does not know to be there',
    rules: (layout) => [atBorder({ kind: 'mismatch', zone: zoneOf(layout), unknownNames: 'drop' })],
  },
  {
    name: 'quic',
    number: 4,
    about: 'names of the layout in QUIC',
    rules: (layout) => [atBorder({ kind: 'quic', names: publicNames(layout) })],
  },
  {
    name: 'encrypted',
    number: 5,
    about: 'first bytes that look like nothing, everywhere and always',
    rules: () => [atBorder({ kind: 'encrypted', probability: 1 })],
  },
  {
    name: 'ip',
    number: 6,
    about: 'the addresses of the server abroad lead nowhere',
    rules: () => [atBorder({ kind: 'ip', cidrs: ['203.0.113.20', '2001:db8:2::14'], direction: 'both' })],
  },
  {
    name: 'port-443',
    number: 6,
    about: 'every connection to port 443 across the border is reset',
    rules: () => [atBorder({ kind: 'port', ports: [443], action: 'rst' })],
  },
  {
    name: 'provincial',
    number: 7,
    about: 'a firewall of the province: names of the layout in what leaves the provider, one segment at a time',
    rules: (layout) => [
      {
        rule: { kind: 'sni', names: publicNames(layout), action: 'rst', stateless: true, depth: 0.2 },
        place: ['cn-isp'],
      },
    ],
  },
  { name: 'evening', number: 9, about: 'the border at evening', rules: () => [], border: 'evening' },
  {
    name: 'nested',
    number: 10,
    about: 'TLS inside TLS is looked for: a score',
    rules: () => [atBorder({ kind: 'nested' })],
  },
  {
    name: 'icp-dns',
    number: 11,
    about: 'a public record of an unlicensed name that leads to the data centre',
    rules: ({ licensed }) => [{ rule: { kind: 'icp-dns', licensed, cidrs: DATA_CENTRE, scanMs: 0 }, place: [] }],
  },
  {
    name: 'icp-sni',
    number: 11,
    about: 'unlicensed names in hellos to the data centre, on all ports',
    rules: ({ licensed }) => [atDataCentre({ kind: 'icp-sni', licensed })],
  },
  {
    name: 'icp-sni-web',
    number: 11,
    about: 'the same, on 80 and 443 only',
    rules: ({ licensed }) => [atDataCentre({ kind: 'icp-sni', licensed, ports: [80, 443] })],
  },
  {
    name: 'inport',
    number: 12,
    about: 'nothing begins from outside on the low ports of a home line',
    rules: () => [atHome({ kind: 'inport', ports: [25, 53, 80, 443, 8_080] })],
  },
  {
    name: 'serving',
    number: 12,
    about: 'a home line that serves more than three connections an hour gets slow',
    rules: () => [atHome({ kind: 'serving', threshold: 3, delayMs: 200, loss: 0.05 })],
  },
  {
    name: 'freeze',
    number: 13,
    about: 'connections to foreign data centres stop after 16 KB',
    rules: () => [atBorder({ kind: 'freeze', afterBytes: 16_384, prefixes: ABROAD })],
  },
  {
    name: 'throttle',
    number: 13,
    about: '128 kbit/s for each connection to foreign data centres',
    rules: () => [atBorder({ kind: 'throttle', kbps: 128, prefixes: ABROAD })],
  },
  {
    name: 'dtls',
    number: 13,
    about: 'hellos of DTLS without version 1.3',
    rules: () => [atBorder({ kind: 'dtls', withoutVersion13: true })],
  },
  {
    name: 'protofilter',
    number: 14,
    about: 'only DNS, HTTP and TLS on 53, 80 and 443',
    rules: () => [atBorder({ kind: 'protofilter' })],
  },
];

/** The cells that every change is held by. */
export const SHORT_MECHANISMS: readonly string[] = ['none', 'dns', 'sni-rst', 'icp-sni'];
