/** Plain data → topology: its shape, key by key. What its parts have to do with each other is judged in `check.ts`. */
import { Fields, type Path } from './fields.ts';
import * as kinds from './kinds.ts';
import { type Mistake, show } from './mistakes.ts';
import {
  ALL_OPTIONS,
  BUILT_OPTIONS,
  type CertificateAuthority,
  type BuiltOption,
  type ClientRoute,
  type FederationOverride,
  LICENCES,
  NATS,
  NODE_ZONES,
  ROLES,
  type Topology,
  type TopologyLink,
  type TopologyNode,
} from './topology.ts';

const KEYS = [
  'name', 'option', 'nodes', 'links', 'linkPath', 'federationOverrides', 'routes', 'pathSecret', 'devices', 'push',
  'certificates',
]; // biome-ignore format: words
const NODE_KEYS = ['zone', 'role', 'server', 'addr', 'listen', 'nat', 'ddns', 'publicDns', 'licence', 'key'];
/** More than anybody runs by hand; a bound keeps a hostile file from costing much. */
const NODES_MAX = 64;
const LINKS_MAX = 256;

/** What the file says, with its mistakes noted in `mistakes`; of wrong values the default is taken. */
export function readShape(value: unknown, mistakes: Mistake[]): Topology {
  const fields = Fields.open(value, [], KEYS, mistakes);
  const devices = fields.has('devices')
    ? Fields.open(fields.raw('devices'), ['devices'], ['doh', 'zone'], mistakes)
    : undefined;
  const push = fields.has('push') ? Fields.open(fields.raw('push'), ['push'], ['via'], mistakes) : undefined;
  return {
    name: fields.require('name', kinds.SERVER, ''),
    option: readOption(fields),
    nodes: readNodes(fields, mistakes),
    links: readLinks(fields, mistakes),
    linkPath: fields.read('linkPath', kinds.PATH, '/link'),
    overrides: readOverrides(fields, mistakes),
    routes: fields.list<ClientRoute>('routes', kinds.ROUTE_URL),
    devices: {
      doh: devices?.read('doh', kinds.URL_TEXT, undefined),
      zone: devices?.read('zone', kinds.HOST, undefined),
    },
    certificates: readAuthority(fields, mistakes),
    pathSecret: fields.read('pathSecret', kinds.PATH_SECRET, undefined),
    pushVia: push?.require('via', kinds.NODE, undefined),
  };
}

function readAuthority(fields: Fields, mistakes: Mistake[]): CertificateAuthority | undefined {
  if (!fields.has('certificates')) return undefined;
  const keys = ['directory', 'contact', 'termsAgreed'];
  const one = Fields.open(fields.raw('certificates'), ['certificates'], keys, mistakes);
  return {
    directory: one.require('directory', kinds.URL_TEXT, ''),
    contact: one.list('contact', kinds.CONTACT),
    termsAgreed: one.read('termsAgreed', kinds.FLAG, false),
  };
}

const OPTION: kinds.Kind<(typeof ALL_OPTIONS)[number]> = {
  allowed: 'choice',
  allowedValues: { words: ALL_OPTIONS.join(', ') },
  parse: (value) => ALL_OPTIONS.find((one) => one === (typeof value === 'number' ? String(value) : value)),
};

function readOption(fields: Fields): BuiltOption {
  const option = fields.require('option', OPTION, '1');
  const built = BUILT_OPTIONS.find((one) => one === option);
  if (built !== undefined) return built;
  fields.note(['option'], 'option-not-built', { found: option, built: BUILT_OPTIONS.join(', ') });
  return '1';
}

function readNodes(fields: Fields, mistakes: Mistake[]): Map<string, TopologyNode> {
  const entries = fields.entries('nodes');
  if (fields.isMap && !fields.has('nodes')) fields.note(['nodes'], 'no-nodes');
  if (entries.length > NODES_MAX) fields.note(['nodes'], 'too-many', { count: entries.length, most: NODES_MAX });
  const nodes = new Map<string, TopologyNode>();
  for (const [name, value] of entries.slice(0, NODES_MAX)) {
    const path = ['nodes', name];
    if (kinds.NODE.parse(name) === undefined) fields.note(path, 'wrong-node-name', { found: show(name) });
    else nodes.set(name, readNode(name, Fields.open(value, path, NODE_KEYS, mistakes), mistakes));
  }
  return nodes;
}

function readNode(name: string, fields: Fields, mistakes: Mistake[]): TopologyNode {
  const zone = fields.require('zone', kinds.oneOf(NODE_ZONES), 'world');
  const roles = fields.list('role', kinds.oneOf(ROLES));
  if (fields.isMap && !fields.has('role'))
    fields.note([...fields.path, 'role'], 'no-role', { known: ROLES.join(', ') });
  const ddns = fields.has('ddns')
    ? Fields.open(fields.raw('ddns'), [...fields.path, 'ddns'], ['label'], mistakes)
    : undefined;
  return {
    name,
    zone,
    roles: [...new Set(roles)],
    server: fields.read('server', kinds.SERVER, undefined),
    addresses: fields.raw('addr') === 'dynamic' ? [] : fields.list('addr', kinds.ADDRESS),
    listen: [...new Set(fields.list('listen', kinds.PORT))],
    nat: fields.read('nat', kinds.oneOf(NATS), 'none'),
    ddnsLabel: ddns?.require('label', kinds.LABEL, undefined),
    hasPublicDns: fields.read('publicDns', kinds.FLAG, zone !== 'cn-idc'),
    licence: fields.read('licence', kinds.oneOf(LICENCES), 'none'),
    key: fields.read('key', kinds.NODE_KEY, undefined),
  };
}

function readLinks(fields: Fields, mistakes: Mistake[]): TopologyLink[] {
  const items = fields.items('links');
  if (items.length > LINKS_MAX) fields.note(['links'], 'too-many', { count: items.length, most: LINKS_MAX });
  return items.slice(0, LINKS_MAX).flatMap((value, index) => {
    const path: Path = ['links', String(index)];
    const link = Fields.open(value, path, ['from', 'to', 'dial', 'sni', 'fallback'], mistakes);
    const from = link.require('from', kinds.NODE, undefined);
    const to = link.require('to', kinds.NODE, undefined);
    const dial = link.read('dial', kinds.NODE, from);
    // A link never shows a name: nothing else can be asked for.
    link.read('sni', kinds.oneOf(['none']), 'none');
    const fallback = link.list('fallback', kinds.CARRIER);
    return from === undefined || to === undefined || dial === undefined ? [] : [{ from, to, dial, fallback }];
  });
}

function readOverrides(fields: Fields, mistakes: Mistake[]): Map<string, FederationOverride> {
  const overrides = new Map<string, FederationOverride>();
  for (const [name, value] of fields.entries('federationOverrides')) {
    const path = ['federationOverrides', name];
    const one = Fields.open(value, path, ['connect', 'order', 'pin', 'key'], mistakes);
    if (kinds.SERVER.parse(name) === undefined) fields.note(path, 'wrong-server-name', { found: show(name) });
    const connect = one.list('connect', kinds.PLACE);
    const given = one.raw('connect');
    const isEmpty = !one.has('connect') || (Array.isArray(given) && given.length === 0);
    if (one.isMap && isEmpty) fields.note([...path, 'connect'], 'no-connect');
    overrides.set(name, {
      connect,
      order: one.read('order', kinds.oneOf(['race', 'listed']), undefined),
      pin: one.read('pin', kinds.PINNED, undefined),
      key: one.read('key', kinds.TEXT, undefined),
    });
  }
  return overrides;
}
