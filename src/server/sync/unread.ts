/**
 * Unread counts: how many events after the user's receipts the user's push rules notify of, by thread.
 * Nothing is written per member and event. The count of a room is advanced when somebody looks at it, kept in memory,
 * and now and then checkpointed, so that a restart does not count everything again.
 */
import { LRUCache } from 'lru-cache';
import { KeyedQueue } from '../../lib/queue.ts';
import { type EventId, parseEventId, type UserId } from '../../matrix/ids.ts';
import { getObject, getString, type JsonObject } from '../../matrix/json.ts';
import { powerLevelsOf } from '../../rules/auth/index.ts';
import { evaluatePushRules, type PushContext, PushSubject, type PushRuleset } from '../../rules/push-rules/index.ts';
import type { ReceiptRow, RoomNumber, UnreadCheckpoint } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import type { PushRules } from '../push-rules/index.ts';
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
  /** Position of the last event that a checkpoint covers. */
  savedTo: number;
  readonly threads: Map<string, Counts>;
}

/** Events judged at once; a room that nobody has read for a long time is counted in steps of this. */
const BATCH = 500;
/** Beyond this nobody counts on: "999+" is what people see. */
const COUNT_MAX = 10_000;
/** Counted events that are worth a checkpoint. */
const CHECKPOINT_AFTER = 200;
const STATES_MAX = 100_000;
/** "a maximum of 3 hops is recommended to cover indirect relationships." */
const HOPS_MAX = 3;

export class Unread {
  readonly #context: Context;
  readonly #rooms: Rooms;
  readonly #pushRules: PushRules;
  readonly #states = new LRUCache<string, State>({ max: STATES_MAX });
  readonly #queue = new KeyedQueue<string>();

  constructor(context: Context, rooms: Rooms, pushRules: PushRules) {
    this.#context = context;
    this.#rooms = rooms;
    this.#pushRules = pushRules;
    context.stream.listen((change) => {
      if (change.kind === 'receipt') this.#states.delete(keyOf(change.user, change.room));
    });
  }

  /** The user's counts in a room up to a position. */
  async count(user: UserId, room: Room, to: number): Promise<UnreadCounts> {
    return await this.#queue.run(keyOf(user, room.number), async () => {
      const state = this.#states.get(keyOf(user, room.number)) ?? (await this.#load(user, room));
      await this.#advance(user, room, { state, to });
      this.#states.set(keyOf(user, room.number), state);
      await this.#checkpoint(user, room.number, state);
      const total = { notifications: 0, highlights: 0 };
      for (const counts of state.threads.values()) add(total, counts);
      return { total, threads: new Map([...state.threads].filter(([, one]) => one.notifications > 0)) };
    });
  }

  /**
   * Begins from the newest checkpoint that no receipt has overtaken; else from the unthreaded receipt, or from where the
   * user joined.
   */
  async #load(user: UserId, room: Room): Promise<State> {
    const { store } = this.#context;
    const receipts = await store.userData.getOwnReceipts(user, room.number);
    const rows = await store.userData.getUnread(user, room.number);
    const newest = receipts.reduce((position, one) => Math.max(position, one.position), 0);
    const countedTo = rows[0]?.countedTo ?? 0;
    // A receipt after the checkpoint's time may have read what it counted: then it is of no use.
    if (rows.length > 0 && newest <= countedTo) {
      const threads = new Map(rows.map((row) => [row.thread, { notifications: row.notifications, highlights: row.highlights }]));
      return { countedTo, savedTo: countedTo, threads };
    }
    const start = Math.max(readUpTo(receipts, undefined), await this.#joinedAt(user, room));
    return { countedTo: start, savedTo: start, threads: new Map() };
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
    const rules = await this.#pushRules.get(user);
    const context = await this.#pushContext(user, room);
    const receipts = await this.#context.store.userData.getOwnReceipts(user, room.number);
    while (state.countedTo < to) {
      const rows = await this.#context.store.events.pageTimeline({
        room: room.number,
        from: state.countedTo,
        to,
        direction: 'forwards',
        limit: BATCH,
      });
      for (const event of await this.#rooms.events.load(rows)) {
        await this.#judge(event, { state, rules, context, receipts });
      }
      state.countedTo = rows.length < BATCH ? to : (rows.at(-1)?.position ?? to);
    }
  }

  async #judge(
    event: RoomEvent,
    { state, rules, context, receipts }: { state: State; rules: PushRuleset; context: PushContext; receipts: readonly ReceiptRow[] },
  ): Promise<void> {
    if (event.pdu.sender === context.userId || event.redactedBy !== undefined) return;
    const outcome = evaluatePushRules(rules, subjectOf(event), context);
    if (!outcome.notify) return;
    const thread = await this.threadOf(event);
    if (event.position <= Math.max(readUpTo(receipts, undefined), readUpTo(receipts, thread))) return;
    const counts = state.threads.get(thread) ?? { notifications: 0, highlights: 0 };
    if (counts.notifications < COUNT_MAX) add(counts, { notifications: 1, highlights: Number(outcome.highlight) });
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
    const rows: UnreadCheckpoint[] = [...new Map([['main', { notifications: 0, highlights: 0 }], ...state.threads])].map(
      ([thread, counts]) => ({ user, room, thread, countedTo: state.countedTo, ...counts }),
    );
    state.savedTo = state.countedTo;
    await this.#context.store.transact((one) => one.userData.setUnread(user, room, rows));
  }
}

const subjects = new WeakMap<RoomEvent, PushSubject>();

/** The event as push rules look at it, made once for all users of a room. */
export function subjectOf(event: RoomEvent): PushSubject {
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
    (position, one) => (one.thread === thread && one.type !== 'm.fully_read' ? Math.max(position, one.eventPosition) : position),
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
