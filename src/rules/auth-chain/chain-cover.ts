/**
 * The chain cover of a room's auth graph (after Jagadish 1990, as Synapse's `auth_chain_difference_algorithm.md`
 * describes): events are numbered along chains, and links lead from chain to chain. What a set of events reaches is
 * then one maximum per chain, and what lies between sets is read off the maxima: cost follows chains and difference,
 * not history.
 *
 * Links are not closed transitively: at most one per auth event is kept, so that a hostile graph costs no more rows
 * than it cites events, and reachability follows links from chain to chain.
 */
import { assert, present } from '../../lib/assert.ts';

export interface ChainPosition {
  readonly chain: number;
  /** From 1 on; an event reaches all lower numbers of its chain. */
  readonly seq: number;
}

/** The event at (chain, seq) cites the event at (toChain, toSeq), or one from which that is reached. */
export interface ChainLink extends ChainPosition {
  readonly toChain: number;
  readonly toSeq: number;
}

/** What to store for one event. */
export interface ChainRow extends ChainPosition {
  readonly links: readonly ChainLink[];
}

interface Incoming {
  readonly fromChain: number;
  readonly fromSeq: number;
  readonly toSeq: number;
}

interface Chain<Id> {
  /** The events by number; entry 0 has number 1. */
  readonly events: Id[];
  /** By ascending number. */
  readonly links: ChainLink[];
  readonly incoming: Incoming[];
}

/** The highest number reached, by chain. */
type Reach = Map<number, number>;

/** The first index of `links` whose number is greater than `seq`. */
function firstAfter(links: readonly ChainLink[], seq: number): number {
  let low = 0;
  let high = links.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((links[middle]?.seq ?? 0) > seq) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The index of one room, in memory; `insert` returns what to store, `from` reads it back. */
export class ChainCover<Id extends string | number> {
  readonly #positions = new Map<Id, ChainPosition>();
  readonly #chains = new Map<number, Chain<Id>>();
  #nextChain: number;

  /** `nextChain`: the number of the next chain to open, where several rooms share the numbers. */
  constructor(nextChain = 1) {
    this.#nextChain = nextChain;
  }

  /** Rebuilds an index from its stored rows, in any order. */
  static from<Id extends string | number>(
    events: Iterable<ChainPosition & { readonly event: Id }>,
    links: Iterable<ChainLink>,
  ): ChainCover<Id> {
    const cover = new ChainCover<Id>();
    for (const { event, chain, seq } of events) {
      cover.#positions.set(event, { chain, seq });
      cover.#chain(chain).events[seq - 1] = event;
      cover.#nextChain = Math.max(cover.#nextChain, chain + 1);
    }
    for (const link of [...links].sort((a, b) => a.seq - b.seq)) cover.#addLink(link);
    return cover;
  }

  /** The number that the next chain gets. */
  get nextChain(): number {
    return this.#nextChain;
  }

  /** Where an event stands; `undefined` when it is not in the index. */
  find(event: Id): ChainPosition | undefined {
    return this.#positions.get(event);
  }

  /** Whether an event may be inserted: "an event gets a chain only when its whole auth chain is stored". */
  canInsert(authEvents: readonly Id[]): boolean {
    return authEvents.every((event) => this.#positions.has(event));
  }

  /**
   * Inserts an event whose auth events are all there, and returns the rows to store. `predecessor` is the auth event
   * that has the same type and state key, if any: the event goes on with its chain when that is its tail.
   */
  insert(event: Id, authEvents: readonly Id[], predecessor?: Id): ChainRow {
    assert(!this.#positions.has(event), 'an event is inserted once');
    const cited = authEvents.map((id) => present(this.#positions.get(id), 'all auth events are in the index'));
    const position = this.#place(
      predecessor !== undefined && authEvents.includes(predecessor) ? predecessor : undefined,
    );
    this.#positions.set(event, position);
    const chain = this.#chain(position.chain);
    chain.events[position.seq - 1] = event;
    const links = this.#newLinks(position, cited);
    for (const link of links) this.#addLink(link);
    return { ...position, links };
  }

  #place(predecessor: Id | undefined): ChainPosition {
    const before = predecessor === undefined ? undefined : this.#positions.get(predecessor);
    if (before !== undefined && this.#chains.get(before.chain)?.events.length === before.seq) {
      return { chain: before.chain, seq: before.seq + 1 };
    }
    const chain = this.#nextChain;
    this.#nextChain += 1;
    return { chain, seq: 1 };
  }

  /** A link for each cited event that neither the chain so far nor another cited event links to. */
  #newLinks(position: ChainPosition, cited: readonly ChainPosition[]): ChainLink[] {
    const highest: Reach = new Map();
    for (const { chain, seq } of cited) highest.set(chain, Math.max(highest.get(chain) ?? 0, seq));
    highest.delete(position.chain);
    const links: ChainLink[] = [];
    for (const [toChain, toSeq] of highest) {
      const target = { chain: toChain, seq: toSeq };
      if (this.#linksTo({ chain: position.chain, seq: position.seq - 1 }, target)) continue;
      let isCovered = false;
      for (const [chain, seq] of highest) {
        if (chain !== toChain && this.#linksTo({ chain, seq }, target)) isCovered = true;
      }
      if (!isCovered) links.push({ ...position, toChain, toSeq });
    }
    return links;
  }

  /** Whether one link leads from `from`, or from below it on its chain, to `to` or above it on its. */
  #linksTo(from: ChainPosition, to: ChainPosition): boolean {
    const target = this.#chains.get(to.chain);
    const source = this.#chains.get(from.chain);
    if (target === undefined || source === undefined) return false;
    if (source.links.length <= target.incoming.length) {
      return source.links.some((link) => link.seq <= from.seq && link.toChain === to.chain && link.toSeq >= to.seq);
    }
    return target.incoming.some(
      (link) => link.fromChain === from.chain && link.fromSeq <= from.seq && link.toSeq >= to.seq,
    );
  }

  #chain(number: number): Chain<Id> {
    const known = this.#chains.get(number);
    if (known !== undefined) return known;
    const chain: Chain<Id> = { events: [], links: [], incoming: [] };
    this.#chains.set(number, chain);
    return chain;
  }

  #addLink(link: ChainLink): void {
    this.#chain(link.chain).links.push(link);
    this.#chain(link.toChain).incoming.push({ fromChain: link.chain, fromSeq: link.seq, toSeq: link.toSeq });
  }

  /** Raises `reach` to all that these positions reach, themselves included. */
  #descend(reach: Reach, starts: Iterable<ChainPosition>): void {
    const stack: { readonly chain: number; readonly above: number; readonly seq: number }[] = [];
    const raise = (chain: number, seq: number) => {
      const above = reach.get(chain) ?? 0;
      if (seq <= above) return;
      reach.set(chain, seq);
      stack.push({ chain, above, seq });
    };
    for (const { chain, seq } of starts) raise(chain, seq);
    for (let range = stack.pop(); range !== undefined; range = stack.pop()) {
      const links = this.#chains.get(range.chain)?.links ?? [];
      for (let at = firstAfter(links, range.above); at < links.length; at += 1) {
        const link = links[at] as ChainLink;
        if (link.seq > range.seq) break;
        raise(link.toChain, link.toSeq);
      }
    }
  }

  /** The positions right below an event: its predecessor in the chain and the targets of its own links. */
  *#below({ chain, seq }: ChainPosition): Generator<ChainPosition> {
    if (seq > 1) yield { chain, seq: seq - 1 };
    const links = this.#chains.get(chain)?.links ?? [];
    for (let at = firstAfter(links, seq - 1); links[at]?.seq === seq; at += 1) {
      const { toChain, toSeq } = links[at] as ChainLink;
      yield { chain: toChain, seq: toSeq };
    }
  }

  #positionOf(event: Id): ChainPosition {
    return present(this.#positions.get(event), 'the event is in the index');
  }

  #authChainReach(events: Iterable<Id>): Reach {
    const reach: Reach = new Map();
    for (const event of events) this.#descend(reach, this.#below(this.#positionOf(event)));
    return reach;
  }

  /** Whether `ancestor` is in the auth chain of `event`. */
  isInAuthChain(event: Id, ancestor: Id): boolean {
    const { chain, seq } = this.#positionOf(ancestor);
    return (this.#authChainReach([event]).get(chain) ?? 0) >= seq;
  }

  /** The union of the auth chains of some events. */
  authChain(events: Iterable<Id>): Set<Id> {
    const found = new Set<Id>();
    for (const [chain, seq] of this.#authChainReach(events)) this.#collect(found, chain, { from: 1, to: seq });
    return found;
  }

  #collect(into: Set<Id>, chain: number, range: { readonly from: number; readonly to: number }): void {
    const events = this.#chain(chain).events;
    for (let seq = range.from; seq <= range.to; seq += 1) into.add(events[seq - 1] as Id);
  }

  /**
   * The auth difference of several state sets, of each of which only the events are given that not all of them share;
   * `shared` are the others. They are read only until they cover what is in question.
   */
  authDifference(sets: readonly Iterable<Id>[], shared: Iterable<Id> = []): Set<Id> {
    const open = this.#openRanges(sets);
    this.#close(open, shared);
    const difference = new Set<Id>();
    for (const [chain, range] of open) this.#collect(difference, chain, range);
    return difference;
  }

  /**
   * The events in whose auth chains something is that the auth chains of only some of the sets hold. Of the events that
   * all sets share, these alone can make a difference to {@link authDifference}; mostly there are few.
   */
  citingDifference(sets: readonly Iterable<Id>[]): Set<Id> {
    const open = Array.from(this.#openRanges(sets), ([chain, { from }]) => ({ chain, seq: from }));
    const citing = new Set<Id>();
    for (const [chain, from] of this.#ascend(open.flatMap((position) => [...this.#above(position)]))) {
      this.#collect(citing, chain, { from, to: this.#chain(chain).events.length });
    }
    return citing;
  }

  /** By chain, the numbers that some of the sets reach by their auth chains and others do not. */
  #openRanges(sets: readonly Iterable<Id>[]): Map<number, { readonly from: number; readonly to: number }> {
    const reaches = sets.map((set) => this.#authChainReach(set));
    const highest: Reach = new Map();
    for (const reach of reaches) {
      for (const [chain, seq] of reach) highest.set(chain, Math.max(highest.get(chain) ?? 0, seq));
    }
    const open = new Map<number, { readonly from: number; readonly to: number }>();
    for (const [chain, to] of highest) {
      let lowest = to;
      for (const reach of reaches) lowest = Math.min(lowest, reach.get(chain) ?? 0);
      if (lowest < to) open.set(chain, { from: lowest + 1, to });
    }
    return open;
  }

  /** The positions right above an event: its successor in the chain and the sources of links to it or beyond. */
  *#above({ chain, seq }: ChainPosition): Generator<ChainPosition> {
    const { events, incoming } = this.#chain(chain);
    if (seq < events.length) yield { chain, seq: seq + 1 };
    for (const { fromChain, fromSeq, toSeq } of incoming) if (toSeq >= seq) yield { chain: fromChain, seq: fromSeq };
  }

  /** Takes what the auth chains of `shared` hold out of the ranges; stops as soon as none is left. */
  #close(open: Map<number, { readonly from: number; readonly to: number }>, shared: Iterable<Id>): void {
    const reach: Reach = new Map();
    for (const event of shared) {
      if (open.size === 0) return;
      this.#descend(reach, this.#below(this.#positionOf(event)));
      for (const [chain, range] of open) {
        const covered = reach.get(chain) ?? 0;
        if (covered >= range.to) open.delete(chain);
        else if (covered >= range.from) open.set(chain, { from: covered + 1, to: range.to });
      }
    }
  }

  /** The conflicted state subgraph: all events on paths between these, themselves included. */
  conflictedSubgraph(conflicted: Iterable<Id>): Set<Id> {
    const positions = [...conflicted].map((event) => this.#positionOf(event));
    const highest: Reach = new Map();
    this.#descend(highest, positions);
    const lowest = this.#ascend(positions);
    const subgraph = new Set<Id>();
    for (const [chain, from] of lowest) {
      const to = highest.get(chain);
      if (to !== undefined) this.#collect(subgraph, chain, { from, to });
    }
    return subgraph;
  }

  /** By chain, the lowest number from which one of these positions is reached. */
  #ascend(targets: Iterable<ChainPosition>): Reach {
    const lowest: Reach = new Map();
    const stack: ChainPosition[] = [];
    const lower = (chain: number, seq: number) => {
      if (seq >= (lowest.get(chain) ?? Number.POSITIVE_INFINITY)) return;
      lowest.set(chain, seq);
      stack.push({ chain, seq });
    };
    for (const { chain, seq } of targets) lower(chain, seq);
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      for (const link of this.#chains.get(at.chain)?.incoming ?? []) {
        if (link.toSeq >= at.seq) lower(link.fromChain, link.fromSeq);
      }
    }
    return lowest;
  }
}
