/**
 * Auth chains by walking: what the definitions say, event by event. For events that have no place in a chain cover
 * yet, and as the yardstick that the chain cover is tested against.
 */

/** The auth events of an event; `undefined` when the event is unknown. */
export type AuthEventsOf<Id> = (event: Id) => readonly Id[] | undefined;

/**
 * "The set containing all of *E*'s auth events, all of *their* auth events, and so on", for several events at once.
 * `undefined` when an event on the way is unknown or more than `limit` would be in it: a partial chain is no chain.
 */
export function authChainOf<Id>(
  events: Iterable<Id>,
  authEventsOf: AuthEventsOf<Id>,
  limit = Number.POSITIVE_INFINITY,
): Set<Id> | undefined {
  const chain = new Set<Id>();
  const expanded = new Set<Id>();
  const stack = [...events];
  for (let event = stack.pop(); event !== undefined; event = stack.pop()) {
    if (expanded.has(event)) continue;
    expanded.add(event);
    const cited = authEventsOf(event);
    if (cited === undefined) return undefined;
    for (const next of cited) {
      chain.add(next);
      stack.push(next);
    }
    if (chain.size > limit) return undefined;
  }
  return chain;
}

/** "∪ C_i − ∩ C_i" over the full auth chains of the sets; `undefined` when one of them is not known whole. */
export function authDifferenceByWalk<Id>(
  sets: readonly Iterable<Id>[],
  authEventsOf: AuthEventsOf<Id>,
  limit = Number.POSITIVE_INFINITY,
): Set<Id> | undefined {
  const counts = new Map<Id, number>();
  for (const set of sets) {
    const chain = authChainOf(set, authEventsOf, limit);
    if (chain === undefined) return undefined;
    for (const event of chain) counts.set(event, (counts.get(event) ?? 0) + 1);
  }
  const difference = new Set<Id>();
  for (const [event, count] of counts) if (count < sets.length) difference.add(event);
  return difference;
}

/**
 * The conflicted state subgraph: all events on paths along auth events "between any pair of events in the conflicted
 * state set (including endpoints)". `undefined` when an event on the way is unknown.
 */
export function conflictedSubgraphByWalk<Id>(
  conflicted: ReadonlySet<Id>,
  authEventsOf: AuthEventsOf<Id>,
  limit = Number.POSITIVE_INFINITY,
): Set<Id> | undefined {
  const below = authChainOf(conflicted, authEventsOf, limit);
  if (below === undefined) return undefined;
  for (const event of conflicted) below.add(event);
  const citedBy = new Map<Id, Id[]>();
  for (const event of below) {
    for (const next of authEventsOf(event) ?? []) {
      const citing = citedBy.get(next);
      if (citing === undefined) citedBy.set(next, [event]);
      else citing.push(event);
    }
  }
  // Upwards from the conflicted events, staying within what they reach: exactly the paths between them.
  const subgraph = new Set<Id>();
  const stack = [...conflicted];
  for (let event = stack.pop(); event !== undefined; event = stack.pop()) {
    if (subgraph.has(event)) continue;
    subgraph.add(event);
    stack.push(...(citedBy.get(event) ?? []));
  }
  return subgraph;
}
