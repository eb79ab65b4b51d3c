/**
 * A room in memory: its head, its current state and the queue that serialises what is sent to it.
 * State other than members is resident; members are loaded as decisions need them.
 */
import { assert, present } from '../../lib/assert.ts';
import { SerialQueue } from '../../lib/queue.ts';
import { type StateKey, stateKeyOf, type StateLookup } from '../../matrix/events.ts';
import type { EventId, RoomId, UserId } from '../../matrix/ids.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import type { EventNumber, RoomNumber, RoomRecord, StatePair, StateReference, Store } from '../../ports/store/index.ts';
import type { EventCache } from './event-cache.ts';
import type { RoomEvent } from './room-event.ts';
import { Lines } from './lines.ts';
import { RoomServers } from './room-servers.ts';

export interface Extremity {
  readonly eventId: EventId;
  readonly number: EventNumber;
  readonly depth: number;
}

/** What is known of a room that was joined without its whole state, while the rest is being fetched. */
export interface PartialState {
  /** The event by which we joined: the whole state is the one before it. */
  readonly joinEvent: EventId;
}

/** The parts of the head that each event changes. */
export interface RoomHead {
  readonly mainHead: number;
  readonly joinedCount: number;
  readonly invitedCount: number;
  readonly lastPosition: number;
  readonly lastDepth: number;
}

export class Room {
  readonly number: RoomNumber;
  readonly roomId: RoomId;
  readonly rules: RoomVersionRules;
  readonly mainLine: RoomRecord['mainLine'];
  readonly queue = new SerialQueue();
  head: RoomHead;
  published: boolean;
  extremities: readonly Extremity[];
  /** Local users who are joined. */
  readonly localJoined: Set<UserId>;
  /** Other servers with users who are joined. */
  readonly servers: RoomServers;
  /** Resolves when everything that was sent so far is durable (or has failed). */
  settled: Promise<unknown> = Promise.resolve();
  /** Why a write to it has failed: what memory says may never have happened, and nothing is built on it any more. */
  failure: Error | undefined;
  #unsettled = 0;
  /** Set while only a part of the state is here: all of it but members, and some of these. */
  partial: PartialState | undefined;
  /** Where the whole state last took the place of a part. */
  #completed: { readonly position: number; readonly mainHead: number } | undefined;
  #lines: Promise<Lines> | undefined;
  /** Moves on when members were changed in the store behind what is resident here. */
  #membersEpoch = 0;
  readonly #state: Map<StateKey, RoomEvent | undefined>;
  /** A room made just now: what is not resident does not exist. */
  #complete: boolean;
  #recent: readonly RoomEvent[] = [];

  constructor(
    record: RoomRecord,
    parts: {
      rules: RoomVersionRules;
      state: readonly RoomEvent[];
      extremities: readonly Extremity[];
      localJoined: readonly UserId[];
      servers?: RoomServers;
      partial?: PartialState | undefined;
      complete?: boolean;
    },
  ) {
    this.number = record.number;
    this.roomId = record.roomId;
    this.rules = parts.rules;
    this.mainLine = record.mainLine;
    this.head = record;
    this.published = record.published;
    this.extremities = parts.extremities;
    this.localJoined = new Set(parts.localJoined);
    this.servers = parts.servers ?? new RoomServers(new Map());
    this.partial = parts.partial;
    if (record.completedPosition > 0) this.complete(record.completedPosition, record.completedHead);
    this.#complete = parts.complete === true;
    this.#state = new Map(parts.state.map((event) => [stateKeyOfRoomEvent(event), event]));
  }

  /** The whole state has taken the place of a part. */
  complete(position: number, mainHead: number): void {
    this.partial = undefined;
    this.#completed = { position, mainHead };
  }

  /** Whether the state became whole behind a place of the stream: who has heard up to there knows only a part of it. */
  wasPartialAt(position: number): boolean {
    return this.partial !== undefined || position < (this.#completed?.position ?? 0);
  }

  /** Where the main line stood at a place of the stream, before which `newest` is the newest event. */
  mainHeadAt(position: number, newest: RoomEvent | undefined): number | undefined {
    const completed = this.#completed;
    const isBehind = completed !== undefined && completed.position <= position;
    return isBehind && (newest?.position ?? 0) < completed.position ? completed.mainHead : newest?.mainHead;
  }

  /** Whether nothing is on its way to the disk. */
  get isSettled(): boolean {
    return this.#unsettled === 0;
  }

  /** Makes `settled` cover one more write. */
  track(write: Promise<unknown>): void {
    this.#unsettled += 1;
    this.settled = Promise.allSettled([this.settled, write]).then(() => {
      this.#unsettled -= 1;
    });
  }

  /** The lines of its state: read once somebody asks, that is, when the room first forks. */
  lines(store: Store): Promise<Lines> {
    this.#lines ??= store.rooms.getLines(this.number).then((rows) => new Lines(rows));
    return this.#lines;
  }

  /** Whether this server takes part in it: a user of ours is joined, or it was never anybody else's. */
  get isResident(): boolean {
    return this.localJoined.size > 0 || (this.servers.size === 0 && this.#state.has(stateKeyOf('m.room.create', '')));
  }

  get version(): string {
    return this.rules.version;
  }

  /** The state that the next event follows. */
  get stateReference(): StateReference {
    return { line: this.mainLine, position: this.head.mainHead };
  }

  /** The current event under a pair. For members they must have been ensured before. */
  state(type: string, stateKey: string): RoomEvent | undefined {
    const key = stateKeyOf(type, stateKey);
    const event = this.#state.get(key);
    assert(
      event !== undefined || type !== 'm.room.member' || this.#complete || this.#state.has(key),
      'the member events a decision needs are loaded before it',
    );
    return event;
  }

  /** The current state as the rules look it up. */
  readonly lookup: StateLookup = (type, stateKey) => this.state(type, stateKey)?.pdu;

  /** Resident state but members. */
  *stateWithoutMembers(): Iterable<RoomEvent> {
    for (const event of this.#state.values()) {
      if (event !== undefined && event.pdu.type !== 'm.room.member') yield event;
    }
  }

  /** One of the newest events: what the next event cites. */
  recent(eventId: EventId): RoomEvent | undefined {
    return this.#recent.find((event) => event.eventId === eventId);
  }

  remember(...newest: readonly RoomEvent[]): void {
    this.#recent = newest;
  }

  /** Makes an event part of the current state. */
  setState(event: RoomEvent): void {
    this.#state.set(stateKeyOfRoomEvent(event), event);
  }

  /** Takes an entry out of the current state: a merge can do that. */
  removeState(type: string, stateKey: string): void {
    // A member stays known, as being absent.
    if (type === 'm.room.member') this.#state.set(stateKeyOf(type, stateKey), undefined);
    else this.#state.delete(stateKeyOf(type, stateKey));
  }

  /** Replaces an event by its redacted form wherever it is current state. */
  replaceEvent(event: RoomEvent): void {
    if (!event.isState) return;
    const key = stateKeyOfRoomEvent(event);
    if (this.#state.get(key)?.number === event.number) this.#state.set(key, event);
  }

  /** Drops what is known of members whose events have changed in the store: what needs them reads them there. */
  forgetMembers(users: Iterable<string>): void {
    this.#complete = false;
    this.#membersEpoch += 1;
    for (const user of users) this.#state.delete(stateKeyOf('m.room.member', user));
  }

  /** Loads the member events of these users, so that {@link state} can tell them. */
  async ensureMembers(users: Iterable<string>, store: Store, events: EventCache): Promise<void> {
    const wanted = [...users];
    while (!(await this.#loadMembers(wanted, store, events)));
  }

  /** False where what was read may be older than what the room has forgotten meanwhile. */
  async #loadMembers(users: readonly string[], store: Store, events: EventCache): Promise<boolean> {
    if (this.#complete) return true;
    const epoch = this.#membersEpoch;
    const missing = new Map<StateKey, StatePair>();
    for (const user of users) {
      const key = stateKeyOf('m.room.member', user);
      if (!this.#state.has(key)) missing.set(key, { type: 'm.room.member', stateKey: user });
    }
    if (missing.size === 0) return true;
    const entries = await store.rooms.getCurrentState(this.number, [...missing.values()]);
    const loaded = await events.getByNumber(entries.map((one) => one.event));
    if (epoch !== this.#membersEpoch) return false;
    // What was sent meanwhile is newer than what the store told.
    for (const event of loaded) {
      const key = stateKeyOfRoomEvent(event);
      if (!this.#state.has(key)) this.#state.set(key, event);
    }
    for (const key of missing.keys()) {
      if (!this.#state.has(key)) this.#state.set(key, undefined);
    }
    return true;
  }

  /** The current membership of a user whose member event has been ensured. */
  membershipOf(user: UserId): string {
    const value = this.state('m.room.member', user)?.pdu.content['membership'];
    return typeof value === 'string' ? value : 'leave';
  }
}

function stateKeyOfRoomEvent(event: RoomEvent): StateKey {
  return stateKeyOf(event.pdu.type, present(event.pdu.stateKey, 'only state events are state'));
}
