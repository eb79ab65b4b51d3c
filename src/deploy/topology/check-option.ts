/** What each option of the table has and has not. DEPLOYMENT §2, §3. */
import { clientRoutesOf, findLink, findRelay, homeserversOf, isInside } from './derive.ts';
import { type Note, show } from './mistakes.ts';
import type { BuiltOption, NodeZone, Topology, TopologyNode } from './topology.ts';

interface OptionRule {
  /** Where the server of the topology's name stands. */
  readonly serverZones: readonly NodeZone[];
  /** Where its relay stands; none where it has no relay. */
  readonly relayZones: readonly NodeZone[];
  /** It works without a relay, too. */
  readonly isRelayFree?: boolean;
  /** What public DNS says about the server. */
  readonly publicName: 'needed' | 'forbidden' | 'free';
  readonly needsLink: boolean;
  /** What makes the option what it is, beside where things stand. */
  readonly needs?: 'several-routes' | 'path-secret' | 'webrtc-route' | 'address-route' | 'linked-abroad';
}

const EVERYWHERE: readonly NodeZone[] = ['world', 'cn-idc', 'cn-home'];
const FREE = { serverZones: EVERYWHERE, relayZones: EVERYWHERE, isRelayFree: true, publicName: 'free' } as const;

const RULES: Readonly<Record<BuiltOption, OptionRule>> = {
  '1': { serverZones: ['world'], relayZones: [], publicName: 'free', needsLink: false },
  '2': { serverZones: ['cn-idc'], relayZones: [], publicName: 'needed', needsLink: false },
  '3': { serverZones: ['cn-idc'], relayZones: [], publicName: 'forbidden', needsLink: false },
  '4': { serverZones: ['cn-idc'], relayZones: ['cn-home'], publicName: 'forbidden', needsLink: false },
  '4t': { serverZones: ['cn-idc'], relayZones: ['cn-home'], publicName: 'forbidden', needsLink: true },
  '5': { ...FREE, needsLink: false, needs: 'several-routes' },
  '6': { ...FREE, relayZones: [], needsLink: false, needs: 'path-secret' },
  '7': { ...FREE, needsLink: false, needs: 'webrtc-route' },
  '9': { serverZones: ['world'], relayZones: [], publicName: 'free', needsLink: false, needs: 'address-route' },
  '11': { ...FREE, serverZones: ['cn-home', 'cn-idc'], needsLink: false, needs: 'linked-abroad' },
  '12': { serverZones: ['cn-home'], relayZones: ['world', 'cn-idc'], publicName: 'free', needsLink: true },
};

/** Notes what the option does not allow, of the server `own` and of everything else. */
export function checkOption(topology: Topology, own: TopologyNode, note: Note): void {
  const { option, name } = topology;
  const rule = RULES[option];
  if (!rule.serverZones.includes(own.zone)) {
    note(['nodes', own.name, 'zone'], 'option-zone', {
      found: own.zone,
      option,
      name,
      allowed: rule.serverZones.join(', '),
    });
  } else checkPublic(topology, own, note);
  if (option === '1') {
    for (const node of topology.nodes.values()) {
      if (node !== own && isInside(node)) {
        note(['nodes', node.name, 'zone'], 'option-nothing-inside', { found: node.zone });
      }
    }
  }
  checkRelay(topology, own, note);
  checkNeeds(topology, own, note);
  if (own.listen.length === 0 && !dialsItsRelay(topology, own)) {
    note(['nodes', own.name, 'listen'], 'homeserver-no-port');
  }
}

function checkPublic({ option }: Topology, own: TopologyNode, note: Note): void {
  const rule = RULES[option];
  const publicPath = ['nodes', own.name, 'publicDns'];
  if (rule.publicName === 'needed' && !own.hasPublicDns) note(publicPath, 'option-public-needed');
  if (rule.publicName === 'forbidden' && own.hasPublicDns) note(publicPath, 'option-public-forbidden', { option });
  if (option === '2' && own.licence === 'none') note(['nodes', own.name, 'licence'], 'option-licence');
}

function checkNeeds(topology: Topology, own: TopologyNode, note: Note): void {
  const { option } = topology;
  const routes = clientRoutesOf(topology);
  const host = own.addresses[0] ?? 'ADDRESS';
  const values = { option, host: host.includes(':') ? `[${host}]` : host, port: own.listen[0] ?? 443 };
  switch (RULES[option].needs) {
    case 'several-routes':
      if (routes.length < 2) note(['routes'], 'option-needs-routes', values);
      return;
    case 'path-secret':
      if (topology.pathSecret === undefined) note(['pathSecret'], 'option-needs-path-secret', values);
      return;
    case 'webrtc-route':
      if (!routes.some(({ scheme }) => scheme === 'webrtc')) note(['routes'], 'option-needs-webrtc', values);
      return;
    case 'address-route':
      if (!routes.some((route) => route.scheme === 'https' && route.isLiteral))
        note(['routes'], 'option-needs-address', values);
      return;
    case 'linked-abroad':
      if (!homeserversOf(topology).some((node) => !isInside(node) && findLink(topology, own.name, node.name)))
        note(['links'], 'option-needs-abroad', { ...values, server: own.name });
      return;
    default:
  }
}

function dialsItsRelay(topology: Topology, own: TopologyNode): boolean {
  const relay = findRelay(topology);
  return relay !== undefined && findLink(topology, relay.name, own.name)?.dial === own.name;
}

function checkRelay(topology: Topology, own: TopologyNode, note: Note): void {
  const { option } = topology;
  const rule = RULES[option];
  const relay = findRelay(topology);
  const allowed = rule.relayZones.join(', ');
  if (relay === undefined) {
    if (allowed !== '' && rule.isRelayFree !== true) note(['nodes'], 'option-needs-relay', { option, allowed });
    return;
  }
  if (allowed === '') {
    note(['nodes', relay.name, 'role'], 'option-no-relay', { option });
    return;
  }
  if (!rule.relayZones.includes(relay.zone)) {
    note(['nodes', relay.name, 'zone'], 'option-relay-zone', { found: show(relay.zone), option, allowed });
  }
  if (findLink(topology, relay.name, own.name) !== undefined) return;
  const values = { option, relay: relay.name, server: own.name };
  const canBeDialled = own.nat !== 'cgnat' && own.listen.length > 0 && own.addresses.length > 0;
  if (rule.needsLink) note(['links'], 'option-needs-link', values);
  else if (!canBeDialled) note(['nodes', relay.name, 'role'], 'relay-no-way', values);
}
