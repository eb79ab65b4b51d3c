/**
 * Unread counts: how many events after the user's receipts the user's push rules notify of, by thread.
 * Nothing is written per member and event. The count of a room is advanced when somebody looks at it, kept in memory,
 * and now and then checkpointed, so that a restart does not count everything again.
 */
import { boundedMap } from '../bounded-map.ts';
import { KeyedQueue } from '../../lib/queue.ts';
import { type EventId, parseEventId, type UserId } from '../../matrix/ids.ts';
import { getObject, getString, type JsonObject } from '../../matrix/json.ts';
import { powerLevelsOf } from '../../rules/auth/index.ts';
import { evaluatePushRules, type PushContext, PushSubject, type PushRuleset } from '../../rules/push-rules/index.ts';
import type { ReceiptRow, RoomNumber, UnreadCheckpoint } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import type { PushRules } from '../push-rules/index.ts';
import type { RoomDeltas } from './room-delta.ts';
import type { Room, RoomEvent, Rooms } from '../rooms/index.ts';

export interface Counts {
  notifications: number;
  highlights: number;
}

export interface UnreadCounts {
  /** The whole room. */
  readonly total: Counts;
  /** `main` and every thread with something unread. */
  readonly threads: ReadonlyMap<string, Counts>;
}

interface State {
  countedTo: number;
  /** The user's own receipts in the room. */
  receipts: readonly ReceiptRow[];
  /** Whether none of them has moved since they were read. */
  areReceiptsFresh: boolean;
  /** Threads whose receipt has moved since they were counted; `undefined` stands for the unthreaded receipt. */
  readonly moved: Set<string | undefined>;
  /** Position of the last event that a checkpoint covers. */
  savedTo: number;
  readonly threads: Map<string, Counts>;
}

interface Judging {
  readonly user: UserId;
  readonly rules: PushRuleset;
  readonly context: PushContext;
  readonly state: State;
  readonly only: ReadonlySet<string> | undefined;
}

/** Up to so many events a stretch is read once for all who count it. */
const SHARED_MAX = 50;
/** Events judged at once; a room that nobody has read for a long time is counted in steps of this. */
const BATCH = 500;
/** Beyond this nobody counts on: "999+" is what people see. */
const COUNT_MAX = 10_000;
/** Counted events that are worth a checkpoint. */
const CHECKPOINT_AFTER = 5_000;
const STATES_MAX = 100_000;
/** "a maximum of 3 hops is recommended to cover indirect relationships." */
const HOPS_MAX = 3;

export class Unread {
  readonly #context: Context;
  readonly #rooms: Rooms;
  readonly #pushRules: PushRules;
  readonly #deltas: RoomDeltas;
  readonly #states = boundedMap<string, State>(STATES_MAX);
  readonly #queue = new KeyedQueue<string>();

  constructor(parts: { context: Context; rooms: Rooms; pushRules: PushRules; deltas: RoomDeltas }) {
    const { context, rooms, pushRules } = parts;
    this.#context = context;
    this.#deltas = parts.deltas;
    this.#rooms = rooms;
    this.#pushRules = pushRules;
    context.stream.listen((change) => {
      const state = change.kind === 'receipt' ? this.#states.peek(keyOf(change.user, change.room)) : undefined;
      if (state === undefined || change.kind !== 'receipt') return;
      state.areReceiptsFresh = false;
      state.moved.add(change.thread);
    });
  }

  /** The user's counts in a room up to a position. */
  async count(user: UserId, room: Room, to: number): Promise<UnreadCounts> {
    const key = keyOf(user, room.number);
    return await this.#queue.run(key, async () => {
      try {
        const state = this.#states.get(key) ?? (await this.#load(user, room));
        await this.#recount(user, room, state);
        await this.#advance(user, room, { state, to });
        await this.#checkpoint(user, room.number, state);
        const total = { notifications: 0, highlights: 0 };
        for (const counts of state.threads.values()) add(total, counts);
        return { total, threads: new Map([...state.threads].filter(([, one]) => one.notifications > 0)) };
      } catch (error) {
        // What was counted by half counts for nothing.
        this.#states.delete(key);
        throw error;
      }
    });
  }

  /** Begins from the checkpoint, or from the unthreaded receipt, or from where the user joined. */
  async #load(user: UserId, room: Room): Promise<State> {
    const state: State = {
      countedTo: 0,
      savedTo: 0,
      threads: new Map(),
      receipts: [],
      areReceiptsFresh: false,
      moved: new Set(),
    };
    // Known before the first read: a receipt that moves meanwhile is noted in it.
    this.#states.set(keyOf(user, room.number), state);
    const receipts = await this.#readReceipts(user, room, state);
    const rows = await this.#context.store.userData.getUnread(user, room.number);
    const countedTo = rows[0]?.countedTo;
    state.countedTo = countedTo ?? Math.max(readUpTo(receipts, undefined), await this.#joinedAt(user, room));
    state.savedTo = state.countedTo;
    for (const { thread, notifications, highlights } of rows) state.threads.set(thread, { notifications, highlights });
    // Receipts that are newer than the checkpoint may have read what it counted.
    for (const one of receipts) if (countedTo !== undefined && one.position > countedTo) state.moved.add(one.thread);
    return state;
  }

  /** The user's receipts; where one moves while they are read, they are read again. */
  async #readReceipts(user: UserId, room: Room, state: State): Promise<readonly ReceiptRow[]> {
    while (!state.areReceiptsFresh) {
      state.areReceiptsFresh = true;
      state.receipts = await this.#context.store.userData.getOwnReceipts(user, room.number);
    }
    return state.receipts;
  }

  /** Counts again what lies behind receipts that have moved: for an unthreaded one everything after it. */
  async #recount(user: UserId, room: Room, state: State): Promise<void> {
    const receipts = await this.#readReceipts(user, room, state);
    if (state.moved.size === 0) return;
    const all = state.moved.has(undefined);
    const threads = new Set([...state.moved].filter((one) => one !== undefined));
    const from = all
      ? readUpTo(receipts, undefined)
      : Math.min(...[...threads].map((thread) => Math.max(readUpTo(receipts, thread), readUpTo(receipts, undefined))));
    if (all) state.threads.clear();
    else for (const thread of threads) state.threads.delete(thread);
    state.moved.clear();
    await this.#scan(user, room, { state, from, to: state.countedTo, only: all ? undefined : threads });
  }

  async #joinedAt(user: UserId, room: Room): Promise<number> {
    await this.#rooms.ensureMembers(room, [user]);
    return room.state('m.room.member', user)?.position ?? 0;
  }

  async #advance(user: UserId, room: Room, { state, to }: { state: State; to: number }): Promise<void> {
    if (state.countedTo >= to) return;
    if (room.head.lastPosition <= state.countedTo) {
      state.countedTo = to;
      return;
    }
    await this.#scan(user, room, { state, from: state.countedTo, to, only: undefined });
    state.countedTo = to;
  }

  /** Judges the events of a stretch of the timeline, of all threads or of some. */
  async #scan(
    user: UserId,
    room: Room,
    { state, from, to, only }: { state: State; from: number; to: number; only: ReadonlySet<string> | undefined },
  ): Promise<void> {
    if (from >= to || room.head.lastPosition <= from) return;
    const rules = await this.#pushRules.get(user);
    const context = await this.#pushContext(user, room);
    // The newest stretch is what everybody in the room counts at this moment.
    const shared = await this.#deltas.stretch(room, from, to, SHARED_MAX);
    if (shared !== undefined) {
      await this.#judgeAll(shared, { user, rules, context, state, only });
      return;
    }
    for (let at = from; at < to; ) {
      const rows = await this.#context.store.events.pageTimeline({
        room: room.number,
        from: at,
        to,
        direction: 'forwards',
        limit: BATCH,
      });
      await this.#judgeAll(await this.#rooms.events.load(rows), { user, rules, context, state, only });
      at = rows.length < BATCH ? to : (rows.at(-1)?.position ?? to);
    }
  }

  async #judgeAll(events: readonly RoomEvent[], { user, rules, context, state, only }: Judging): Promise<void> {
    for (const event of events) {
      if (event.pdu.sender === user) {
        await this.#readBySending(event, { state, only });
        continue;
      }
      if (event.redactedBy !== undefined) continue;
      const outcome = evaluatePushRules(rules, subjectOf(event), context);
      if (outcome.notify) await this.#note(event, { state, only, highlight: outcome.highlight });
    }
  }

  /**
   * "When the user updates their read receipt (either by using the API or by sending an event), notifications prior to
   * and including that event MUST be marked as read." State is not said to somebody: a new name is sent everywhere.
   */
  async #readBySending(
    event: RoomEvent,
    { state, only }: { state: State; only: ReadonlySet<string> | undefined },
  ): Promise<void> {
    if (event.isState || state.threads.size === 0) return;
    const thread = await this.threadOf(event);
    if (only?.has(thread) !== false) state.threads.delete(thread);
  }

  async #note(
    event: RoomEvent,
    { state, only, highlight }: { state: State; only: ReadonlySet<string> | undefined; highlight: boolean },
  ): Promise<void> {
    const thread = await this.threadOf(event);
    if (only?.has(thread) === false) return;
    const { receipts } = state;
    if (event.position <= Math.max(readUpTo(receipts, undefined), readUpTo(receipts, thread))) return;
    const counts = state.threads.get(thread) ?? { notifications: 0, highlights: 0 };
    if (counts.notifications < COUNT_MAX) add(counts, { notifications: 1, highlights: Number(highlight) });
    state.threads.set(thread, counts);
  }

  async #pushContext(user: UserId, room: Room): Promise<PushContext> {
    await this.#rooms.ensureMembers(room, [user]);
    return {
      userId: user,
      displayName: getString(room.state('m.room.member', user)?.pdu.content, 'displayname'),
      memberCount: room.head.joinedCount,
      powerLevels: powerLevelsOf(room.lookup, room.rules),
    };
  }

  /** The thread an event is in: its root's id, or `main`. */
  async threadOf(event: RoomEvent): Promise<string> {
    let current: RoomEvent | undefined = event;
    for (let hop = 0; hop <= HOPS_MAX && current !== undefined; hop += 1) {
      const relatesTo: JsonObject | undefined = getObject(current.pdu.content, 'm.relates_to');
      const parent: EventId | undefined = parseEventId(getString(relatesTo, 'event_id') ?? '');
      const relType: string | undefined = getString(relatesTo, 'rel_type');
      if (parent === undefined || relType === undefined) return 'main';
      if (relType === 'm.thread') return parent;
      current = await this.#rooms.events.find(parent);
    }
    return 'main';
  }

  async #checkpoint(user: UserId, room: RoomNumber, state: State): Promise<void> {
    if (state.countedTo - state.savedTo < CHECKPOINT_AFTER) return;
    const rows: UnreadCheckpoint[] = [
      ...new Map([['main', { notifications: 0, highlights: 0 }], ...state.threads]),
    ].map(([thread, counts]) => ({ user, room, thread, countedTo: state.countedTo, ...counts }));
    state.savedTo = state.countedTo;
    await this.#context.store.transact((one) => one.userData.setUnread(user, room, rows));
  }
}

const subjects = new WeakMap<RoomEvent, PushSubject>();

/** The event as push rules look at it, made once for all users of a room. */
function subjectOf(event: RoomEvent): PushSubject {
  let subject = subjects.get(event);
  if (subject === undefined) {
    const { pdu } = event;
    const json: JsonObject = { type: pdu.type, sender: pdu.sender, room_id: pdu.roomId, content: pdu.content };
    if (pdu.stateKey !== undefined) json['state_key'] = pdu.stateKey;
    subject = new PushSubject(json);
    subjects.set(event, subject);
  }
  return subject;
}

/** How far the receipts of one thread reach; public and private ones count alike, the further one wins. */
function readUpTo(receipts: readonly ReceiptRow[], thread: string | undefined): number {
  return receipts.reduce(
    (position, one) =>
      one.thread === thread && one.type !== 'm.fully_read' ? Math.max(position, one.eventPosition) : position,
    0,
  );
}

function add(target: Counts, more: Counts): void {
  target.notifications += more.notifications;
  target.highlights += more.highlights;
}

function keyOf(user: UserId, room: RoomNumber): string {
  return `${room} ${user}`;
}
