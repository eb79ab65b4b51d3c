/** What everybody on the way can read: providers, the border, the relay, the operators of other servers. */
import { findRelay, homeserversOf, isRelay, serverNameOf } from '../topology/derive.ts';
import type { NodeZone, Topology } from '../topology/topology.ts';
import type { Flow, Party, PartyName, Remark } from './plan.ts';

/** Every party that there is in this layout, the nearest to the users first. */
export function partiesOf(topology: Topology, flows: readonly Flow[]): Party[] {
  const zoneOf = (name: string): string => topology.nodes.get(name)?.zone ?? name;
  const touches = (zone: string) => (one: Flow) => zoneOf(one.from) === zone || zoneOf(one.to) === zone;
  const relay = findRelay(topology)?.name;
  const seen: [PartyName, (one: Flow) => boolean][] = [
    ['isp', (one) => one.from === 'users-inside'],
    ['border', (one) => one.crossesBorder],
    ['idc', touches('cn-idc')],
    ['home-isp', touches('cn-home')],
    ['host-abroad', touches('world')],
    ['relay', (one) => one.from === relay || one.to === relay],
  ];
  // Questions to public DNS pass the user's provider, whose resolver asks across the border: DEPLOYMENT §4.
  const asked = flows.filter(({ from }) => from === 'users-inside').flatMap(({ lookups }) => lookups);
  const lookups = [...new Set(asked)];
  const parties = seen.map(([party, sees]) => {
    const holdsServer = homeserversOf(topology).some(({ zone }) => zone === HELD_ZONES[party]);
    const seenBy = partyOf(party, flows.filter(sees), holdsServer);
    return party === 'isp' || party === 'border' ? { ...seenBy, lookups } : seenBy;
  });
  return [...parties.filter((one) => one.connections.length + one.lookups.length > 0), ...peersOf(topology)];
}

/** Whose machines the nodes of a zone are. */
const HELD_ZONES: Readonly<Partial<Record<PartyName, NodeZone>>> = { idc: 'cn-idc', 'host-abroad': 'world' };

function partyOf(party: PartyName, flows: readonly Flow[], holdsServer: boolean): Party {
  const connections = flows.map(({ from, to, sni }) => ({ from, to, sni }));
  return {
    party,
    lookups: [],
    connections,
    learns: [...learns(party, connections), ...(holdsServer ? [{ name: 'sees-disk', values: {} } as const] : [])],
  };
}

function learns(party: PartyName, connections: Party['connections']): Remark[] {
  const remark = (name: Remark['name'], values: Remark['values'] = {}): Remark => ({ name, values });
  if (party === 'relay') return [remark('sees-relay')];
  const names = [...new Set(connections.flatMap(({ sni }) => (sni === null ? [] : [sni])))];
  const shown = names.length === 0 ? remark('sees-no-name') : remark('sees-names', { names: names.join(', ') });
  return [shown, remark('sees-sizes')];
}

/** Whoever runs a server of the file that others federate with. */
function peersOf(topology: Topology): Party[] {
  const servers = homeserversOf(topology).filter((node) => !isRelay(node));
  if (servers.length < 2) return [];
  const names = servers.map((node) => serverNameOf(topology, node)).join(', ');
  return [{ party: 'peer', lookups: [], connections: [], learns: [{ name: 'sees-peer', values: { names } }] }];
}
