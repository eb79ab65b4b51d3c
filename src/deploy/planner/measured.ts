/**
 * What is known of each option's speed: measured with stub servers in an emulated network (DEPLOYMENT §6), or, where
 * nothing was measured, computed from the one-way delays of its lines (DEPLOYMENT §5.3). And the founding table.
 */
import { findRelay } from '../topology/derive.ts';
import type { BuiltOption, Topology } from '../topology/topology.ts';
import type { Latency, Stars } from './plan.ts';

type Measured = Exclude<BuiltOption, '12'>;

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
  '12': null,
};

/** One-way delays in ms from the users' line to a relay, and from there to a home line. */
const TO_RELAY_MS = { world: 100, 'cn-idc': 10, 'cn-home': 15 } as const;
const TO_HOME_MS = { world: 100, 'cn-idc': 12, 'cn-home': 15 } as const;

/** What a user may expect of the layout. */
export function latencyOf(topology: Topology, layout: BuiltOption): Latency {
  if (layout !== '12') return { ...MEASURED[layout], source: 'measured' };
  const zone = findRelay(topology)?.zone ?? 'world';
  const roundTripMs = 2 * (TO_RELAY_MS[zone] + TO_HOME_MS[zone]);
  const unknown = { idcCheck: 'unknown', poisonedName: 'unknown' } as const;
  return { calm: [null, roundTripMs, null], evening: [null, null, null], ...unknown, source: 'computed' };
}

/** The stars that the founding table gives the layout. */
export function foundingStars(layout: BuiltOption): Stars | null {
  return FOUNDING[layout];
}
