/** A zone in which some names follow nodes: their addresses are those from which their links came last. */
import { isIPv4, isIPv6 } from 'node:net';
import type { RecordData, RecordType } from './records.ts';
import type { Zone } from './zone.ts';

type Names = Zone['names'];

/** Where a node was seen last, without brackets; `undefined` for one that has not been seen. */
export type FindAddress = (node: string) => string | undefined;

/** The zone as it is at each question. Without moving names it is the zone itself. */
export function liveZone(zone: Zone, findAddress: FindAddress): Zone {
  const { moving = [], ...fixed } = zone;
  if (moving.length === 0) return zone;
  let seen = '';
  let names: Names = zone.names;
  return {
    ...fixed,
    get names() {
      const found = moving.map(({ node }) => findAddress(node) ?? '');
      const now = found.join(' ');
      if (now !== seen) names = withAddresses(zone, findAddress);
      seen = now;
      return names;
    },
  };
}

function withAddresses({ names, moving = [] }: Zone, findAddress: FindAddress): Names {
  const result = new Map<string, ReadonlyMap<RecordType, readonly RecordData[]>>(names);
  for (const { name, type, node } of moving) {
    const address = findAddress(node) ?? '';
    if (!(type === 'A' ? isIPv4(address) : isIPv6(address))) continue;
    const sets = new Map(result.get(name));
    sets.set(type, [...(sets.get(type) ?? []), { type, address }]);
    result.set(name, sets);
  }
  return result;
}
