/** A synthetic room for B8: many members, and forks of its state in which some of them have changed their name. */
import { StateTree } from '../../lib/state-tree.ts';
import { type Pdu, type StateKey, stateKeyOf } from '../../matrix/events.ts';
import type { EventId, RoomId, UserId } from '../../matrix/ids.ts';
import { findRoomVersion, type RoomVersionRules } from '../../matrix/room-versions.ts';
import { ChainCover } from '../../rules/auth-chain/chain-cover.ts';
import { partitionTrees, resolve } from '../../rules/state-resolution/index.ts';

export interface ForkedRoom {
  readonly rules: RoomVersionRules;
  readonly events: Map<EventId, Pdu>;
  readonly cover: ChainCover<EventId>;
  readonly keys: Map<StateKey, number>;
  readonly names: StateKey[];
  readonly state: StateTree<EventId>;
  readonly members: readonly UserId[];
  readonly authBase: readonly EventId[];
}

interface Draft {
  readonly type: string;
  readonly stateKey: string;
  readonly sender: UserId;
  readonly content: Pdu['content'];
  readonly auth: readonly EventId[];
  readonly at: number;
}

const CREATOR = '@u0:bench.example' as UserId;

function userOf(index: number): UserId {
  return `@u${index}:s${index % 200}.example` as UserId;
}

function addEvent(
  room: Omit<ForkedRoom, 'state' | 'members' | 'authBase'>,
  draft: Draft,
  predecessor?: EventId,
): EventId {
  const eventId = `$${String(room.events.size).padStart(43, '0')}` as EventId;
  room.events.set(eventId, {
    eventId,
    roomId: '!bench' as RoomId,
    sender: draft.sender,
    type: draft.type,
    stateKey: draft.stateKey,
    content: draft.content,
    originServerTs: draft.at,
    depth: draft.at,
    authEvents: draft.auth,
    prevEvents: [],
    redacts: undefined,
    json: {},
  });
  room.cover.insert(eventId, draft.auth, predecessor);
  return eventId;
}

/** A room in a straight line: create, power levels, join rules, and everybody's join. */
export function makeForkedRoom(version: string, memberCount: number): ForkedRoom {
  const rules = findRoomVersion(version);
  if (rules === undefined) throw new Error(`there is no room version ${version}`);
  const room = {
    rules,
    events: new Map(),
    cover: new ChainCover<EventId>(),
    keys: new Map<StateKey, number>(),
    names: [] as StateKey[],
  };
  let state = StateTree.empty<EventId>();
  const put = (type: string, stateKey: string, eventId: EventId): void => {
    const key = stateKeyOf(type, stateKey);
    room.keys.set(key, room.names.length);
    state = state.set(room.names.length, eventId);
    room.names.push(key);
  };
  const add = (draft: Omit<Draft, 'at'>): EventId => {
    const eventId = addEvent(room, { ...draft, at: room.events.size + 1 });
    put(draft.type, draft.stateKey, eventId);
    return eventId;
  };
  const stateEvent = (type: string, content: Pdu['content'], auth: readonly EventId[]): EventId =>
    add({ type, stateKey: '', content, sender: CREATOR, auth });
  const join = (user: UserId, auth: readonly EventId[]): EventId =>
    add({ type: 'm.room.member', stateKey: user, content: { membership: 'join' }, sender: user, auth });
  const cited = (create: EventId): EventId[] => (rules.roomIdIsCreateHash ? [] : [create]);
  const create = stateEvent('m.room.create', { room_version: version, creator: CREATOR }, []);
  const joined = join(CREATOR, cited(create));
  const users = rules.creatorsHaveInfinitePower ? {} : { [CREATOR]: 100 };
  const levels = stateEvent('m.room.power_levels', { users }, [...cited(create), joined]);
  const joinRules = stateEvent('m.room.join_rules', { join_rule: 'public' }, [...cited(create), levels, joined]);
  const members: UserId[] = [];
  for (let index = 1; index < memberCount; index += 1) {
    const user = userOf(index);
    members.push(user);
    join(user, [...cited(create), levels, joinRules]);
  }
  return { ...room, state, members, authBase: [...cited(create), levels, joinRules] };
}

export interface Forks {
  readonly forks: number;
  readonly conflicted: number;
  readonly order: 'as given' | 'reversed';
}

/** Resolves forks in each of which the same members have changed their name; returns the result as a text. */
export function resolveForks(room: ForkedRoom, { forks, conflicted, order }: Forks): string {
  const trees = Array.from({ length: forks }, (_, fork) => forkOf(room, fork, conflicted));
  const states = order === 'as given' ? trees : trees.toReversed();
  const sets = states.map((tree) => differing(room, tree));
  const resolution = resolve({
    rules: room.rules,
    partition: partitionTrees(states, {
      stateKeyOf: (key) => room.names[key] as StateKey,
      findKey: (stateKey) => room.keys.get(stateKey),
      eventIdOf: (value) => value,
    }),
    fetchEvent: (eventId) => room.events.get(eventId),
    authDifference: () => room.cover.authDifference(sets, room.authBase),
    conflictedSubgraph: (events) => room.cover.conflictedSubgraph(events),
    isRejected: () => false,
    verify: () => true,
    sha1: () => new Uint8Array(20),
  });
  return [...resolution]
    .map(([key, eventId]) => `${key}=${eventId}`)
    .toSorted()
    .join('\n');
}

/** The forks are made once for each size: making them is no part of the merge. */
const made = new WeakMap<ForkedRoom, Map<string, StateTree<EventId>>>();

function forkOf(room: ForkedRoom, fork: number, conflicted: number): StateTree<EventId> {
  const known = made.get(room) ?? new Map<string, StateTree<EventId>>();
  made.set(room, known);
  const name = `${fork} ${conflicted}`;
  let tree = known.get(name);
  if (tree === undefined) {
    tree = changeNames(room, fork, conflicted);
    known.set(name, tree);
  }
  return tree;
}

function changeNames(room: ForkedRoom, fork: number, conflicted: number): StateTree<EventId> {
  let state = room.state;
  for (const user of room.members.slice(0, conflicted)) {
    const key = room.keys.get(stateKeyOf('m.room.member', user));
    const before = key === undefined ? undefined : state.get(key);
    if (key === undefined || before === undefined) continue;
    const content = { membership: 'join', displayname: `fork ${fork}` };
    const auth = [...room.authBase, before];
    const at = 1_000_000 + fork;
    const draft = { type: 'm.room.member', stateKey: user, sender: user, content, auth, at };
    state = state.set(key, addEvent(room, draft, before));
  }
  return state;
}

function differing(room: ForkedRoom, tree: StateTree<EventId>): EventId[] {
  const events: EventId[] = [];
  room.state.forEachDifference(tree, (key) => {
    const value = tree.get(key);
    if (value !== undefined) events.push(value);
  });
  return events;
}
