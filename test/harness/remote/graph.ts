/** A room as a graph of events in memory, each with its state before and after, judged by the rules. */
import { createHash } from 'node:crypto';
import {
  createEventIdOf,
  type Pdu,
  type StateLookup,
  type StateMap,
  stateKeyOf,
  stateKeyOfEvent,
} from '../../../src/matrix/events.ts';
import { type EventId, type RoomId, serverOf } from '../../../src/matrix/ids.ts';
import type { RoomVersionRules } from '../../../src/matrix/room-versions.ts';
import { authChainOf, authDifferenceByWalk, conflictedSubgraphByWalk } from '../../../src/rules/auth-chain/walk.ts';
import { checkAuth, checkAuthEvents, type CitedEvent, membershipOf } from '../../../src/rules/auth/index.ts';
import { resolveMaps } from '../../../src/rules/state-resolution/index.ts';
import { ACCEPT, type AuthVerdict } from '../../../src/rules/verdict.ts';
import { verifyEd25519 } from '../../fixtures/ed25519.ts';

const sha1 = (text: string): Uint8Array => createHash('sha1').update(text).digest();

export interface RoomNode {
  readonly pdu: Pdu;
  readonly verdict: AuthVerdict;
  /** "Passes authorisation rules based on the current state of the room, otherwise it is 'soft failed'." */
  readonly softFailed: boolean;
  /** `undefined` of an event whose place in the room is not known. */
  readonly stateBefore: StateMap | undefined;
  readonly stateAfter: StateMap | undefined;
}

export class EventGraph {
  readonly rules: RoomVersionRules;
  readonly roomId: RoomId;
  readonly nodes = new Map<EventId, RoomNode>();
  #extremities = new Set<EventId>();

  constructor(rules: RoomVersionRules, roomId: RoomId) {
    this.rules = rules;
    this.roomId = roomId;
  }

  /** The events without a child: what the next event follows. */
  get extremities(): readonly EventId[] {
    return [...this.#extremities];
  }

  readonly find = (id: string): Pdu | undefined => this.nodes.get(id as EventId)?.pdu;
  readonly #authEventsOf = (id: EventId): readonly EventId[] | undefined => this.find(id)?.authEvents;

  node(id: string): RoomNode {
    const node = this.nodes.get(id as EventId);
    if (node === undefined) throw new Error(`the room has no event ${id}`);
    return node;
  }

  event(id: string): Pdu {
    return this.node(id).pdu;
  }

  /** The state after all of these events, resolved; without any, the current state. */
  state(after: readonly string[] = this.extremities): StateMap {
    const states = after.map((id) => this.node(id).stateAfter ?? new Map<never, never>());
    return states.length === 1 && states[0] !== undefined ? states[0] : this.#resolve(states);
  }

  #resolve(states: readonly StateMap[]): StateMap {
    const sets = states.map((state) => [...state.values()]);
    return resolveMaps(states, {
      rules: this.rules,
      fetchEvent: this.find,
      authDifference: () => authDifferenceByWalk(sets, this.#authEventsOf) ?? [],
      conflictedSubgraph: (conflicted) => conflictedSubgraphByWalk(conflicted, this.#authEventsOf) ?? [],
      isRejected: (id) => this.nodes.get(id)?.verdict.accept === false,
      verify: verifyEd25519,
      sha1,
    });
  }

  lookup(state: StateMap = this.state()): StateLookup {
    return (type, stateKey) => {
      const id = state.get(stateKeyOf(type, stateKey));
      return id === undefined ? undefined : this.find(id);
    };
  }

  /** The events of a state. */
  stateEvents(state: StateMap = this.state()): Pdu[] {
    return [...state.values()].map((id) => this.event(id));
  }

  /** The event that is the current state of a type and key. */
  current(type: string, stateKey = ''): Pdu | undefined {
    return this.lookup()(type, stateKey);
  }

  membership(user: string): string {
    return membershipOf(this.lookup(), user);
  }

  /** The servers of the joined users. */
  servers(state: StateMap = this.state()): string[] {
    const names = new Set<string>();
    for (const { type, stateKey, content } of this.stateEvents(state)) {
      const server =
        type === 'm.room.member' && content['membership'] === 'join' ? serverOf(stateKey ?? '') : undefined;
      if (server !== undefined) names.add(server);
    }
    return [...names];
  }

  /** All auth events of these events, and theirs, and so on. */
  authChain(ids: Iterable<EventId>): Pdu[] {
    const chain = authChainOf(ids, this.#authEventsOf);
    if (chain === undefined) throw new Error('an auth event is missing');
    return [...chain].map((id) => this.event(id));
  }

  /** What must be known before an event can be judged, and is not. */
  missing(pdu: Pdu): { readonly authEvents: readonly EventId[]; readonly prevEvents: readonly EventId[] } {
    return {
      authEvents: pdu.authEvents.filter((id) => !this.nodes.has(id)),
      prevEvents: pdu.prevEvents.filter((id) => this.nodes.get(id)?.stateAfter === undefined),
    };
  }

  /** "Passes authorisation rules based on the event's auth events, otherwise it is rejected." */
  #judgeByAuthEvents(pdu: Pdu): AuthVerdict {
    const cited = (id: EventId): CitedEvent | undefined => {
      const node = this.nodes.get(id);
      return node === undefined ? undefined : { event: node.pdu, rejected: !node.verdict.accept };
    };
    const authEvents = pdu.authEvents.map(cited).filter((one) => one !== undefined);
    const create = this.rules.roomIdIsCreateHash ? cited(createEventIdOf(pdu.roomId)) : undefined;
    const verdict = checkAuthEvents({ rules: this.rules, event: pdu, authEvents, create });
    if (!verdict.accept || pdu.type === 'm.room.create') return verdict;
    const state = new Map<string, Pdu>();
    for (const one of create === undefined ? authEvents : [create, ...authEvents]) {
      state.set(stateKeyOfEvent(one.event) ?? '', one.event);
    }
    return this.#judge(pdu, (type, key) => state.get(stateKeyOf(type, key)));
  }

  #judge(event: Pdu, state: StateLookup): AuthVerdict {
    return checkAuth({ rules: this.rules, event, state, verify: verifyEd25519 });
  }

  /** Judges an event by its auth events and by the state before it. */
  judge(pdu: Pdu, stateBefore: StateMap): AuthVerdict {
    const verdict = this.#judgeByAuthEvents(pdu);
    return verdict.accept ? this.#judge(pdu, this.lookup(stateBefore)) : verdict;
  }

  /**
   * Takes an event in, with the verdict that it deserves. `stateBefore` is for an event whose predecessors are
   * unknown; `force` accepts it against the rules.
   */
  add(pdu: Pdu, options: { readonly stateBefore?: StateMap; readonly force?: boolean } = {}): RoomNode {
    const known = this.nodes.get(pdu.eventId);
    if (known?.stateBefore !== undefined) return known;
    const before = options.stateBefore ?? this.state(pdu.prevEvents);
    const verdict = options.force === true ? ACCEPT : this.judge(pdu, before);
    const isFirst = this.#extremities.size === 0;
    const softFailed = verdict.accept && !isFirst && options.force !== true && !this.#judge(pdu, this.lookup()).accept;
    const key = stateKeyOfEvent(pdu);
    const after = key === undefined || !verdict.accept ? before : new Map(before).set(key, pdu.eventId);
    const node: RoomNode = { pdu, verdict, softFailed, stateBefore: before, stateAfter: after };
    this.nodes.set(pdu.eventId, node);
    if (verdict.accept && !softFailed && !this.#hasChild(pdu.eventId)) {
      for (const id of pdu.prevEvents) this.#extremities.delete(id);
      this.#extremities.add(pdu.eventId);
    }
    return node;
  }

  #hasChild(id: EventId): boolean {
    for (const { pdu, verdict, softFailed } of this.nodes.values()) {
      if (verdict.accept && !softFailed && pdu.prevEvents.includes(id)) return true;
    }
    return false;
  }

  /** Takes an event in whose place in the room is unknown: of an auth chain, of a state, or from before our time. */
  addOutlier(pdu: Pdu): void {
    if (this.nodes.has(pdu.eventId)) return;
    const verdict = this.#judgeByAuthEvents(pdu);
    const known = { softFailed: false, stateBefore: undefined, stateAfter: undefined };
    this.nodes.set(pdu.eventId, { pdu, verdict, ...known });
  }

  /**
   * The events before `latest`, nearest first, without those in `stop` and what only they lead to. Those from before
   * our time end the walk.
   */
  walkBack(latest: readonly string[], stop: ReadonlySet<string>, limit: number): Pdu[] {
    const found: Pdu[] = [];
    const seen = new Set<string>(stop);
    let row = [...latest];
    while (row.length > 0 && found.length < limit) {
      const next: string[] = [];
      for (const id of row) {
        const pdu = seen.has(id) ? undefined : this.find(id);
        seen.add(id);
        if (pdu === undefined) continue;
        if (found.length < limit) found.push(pdu);
        next.push(...pdu.prevEvents);
      }
      row = next;
    }
    return found;
  }
}
