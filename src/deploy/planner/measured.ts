/**
 * What is known of each option's speed: measured with stub servers in an emulated network (DEPLOYMENT §6), or, where
 * nothing was measured, computed from the one-way delays of its lines (DEPLOYMENT §5.3). And the founding table.
 */
import { findOwnServer, findRelay } from '../topology/derive.ts';
import type { BuiltOption, Topology } from '../topology/topology.ts';
import type { Latency, Stars } from './plan.ts';

type Measured = '1' | '2' | '3' | '4' | '4t';

const MEASURED: Readonly<Record<Measured, Omit<Latency, 'source'>>> = {
  '1': { calm: [870, 204, 209], evening: [1475, 206, 663], idcCheck: 'works', poisonedName: 'fails' },
  '2': { calm: [317, 22, 27], evening: [307, 22, 26], idcCheck: 'works', poisonedName: 'works' },
  '3': { calm: [114, 22, 25], evening: [105, 22, 28], idcCheck: 'fails', poisonedName: 'works' },
  '4': { calm: [373, 59, 61], evening: [388, 60, 63], idcCheck: 'fails', poisonedName: 'fails' },
  '4t': { calm: [391, 57, 63], evening: [385, 57, 60], idcCheck: 'works', poisonedName: 'fails' },
};

const FOUNDING: Readonly<Record<BuiltOption, Stars | null>> = {
  '1': { circumvention: 3, speed: 1, ease: 3 },
  '2': { circumvention: 1, speed: 3, ease: 3 },
  '3': { circumvention: 2, speed: 3, ease: 1 },
  '4': { circumvention: 2, speed: 2, ease: 3 },
  '4t': { circumvention: 2, speed: 2, ease: 3 },
  '5': null,
  '6': null,
  '7': null,
  '9': null,
  '11': null,
  '12': null,
};

/** One-way delays in ms from the users' line to the node that they reach, and from there to the server. */
const TO_RELAY_MS = { world: 100, 'cn-idc': 10, 'cn-home': 15 } as const;
const TO_SERVER_MS = {
  'cn-home': { world: 100, 'cn-idc': 12, 'cn-home': 15 },
  'cn-idc': { world: 90, 'cn-idc': 0, 'cn-home': 12 },
  world: { world: 0, 'cn-idc': 90, 'cn-home': 100 },
} as const;

function isMeasured(layout: BuiltOption): layout is Measured {
  return Object.hasOwn(MEASURED, layout);
}

/** What a user may expect of the layout. */
export function latencyOf(topology: Topology, layout: BuiltOption): Latency {
  if (isMeasured(layout)) return { ...MEASURED[layout], source: 'measured' };
  const relay = findRelay(topology);
  const own = findOwnServer(topology)?.zone ?? 'world';
  // Without a relay users reach the server as they would reach one in its place.
  const roundTripMs = 2 * (TO_RELAY_MS[relay?.zone ?? own] + (relay === undefined ? 0 : TO_SERVER_MS[own][relay.zone]));
  // Neither a name nor SNI is there to be poisoned or reset where a route goes to an address.
  const hasAddress = topology.routes.some(({ isLiteral }) => isLiteral);
  const unknown = { idcCheck: 'unknown', poisonedName: hasAddress ? 'works' : 'unknown' } as const;
  return { calm: [null, roundTripMs, null], evening: [null, null, null], ...unknown, source: 'computed' };
}

/** The stars that the founding table gives the layout. */
export function foundingStars(layout: BuiltOption): Stars | null {
  return FOUNDING[layout];
}
