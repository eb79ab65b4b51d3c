import type { RoomAlias, RoomId, UserId } from '../../matrix/ids.ts';
import type {
  EventNumber,
  LineNumber,
  Membership,
  RoomNumber,
  StateEntry,
  StatePair,
  StateReference,
  StreamPosition,
} from './types.ts';

export interface RoomRecord {
  readonly number: RoomNumber;
  readonly roomId: RoomId;
  readonly version: string;
  /** The line whose head is the current state, and its head. */
  readonly mainLine: LineNumber;
  readonly mainHead: number;
  readonly joinedCount: number;
  readonly invitedCount: number;
  /** Position of the newest event of the timeline. */
  readonly lastPosition: number;
  readonly lastDepth: number;
  /** Whether the room stands in this server's public directory. */
  readonly published: boolean;
  /**
   * Where the whole state of a room took the place of the part that its join had brought: position in the stream, and
   * head of the main line then. Both 0 where that never happened.
   */
  readonly completedPosition: number;
  readonly completedHead: number;
}

/** A local user's place in a room. */
export interface MembershipRecord {
  readonly user: UserId;
  readonly room: RoomNumber;
  readonly roomId: RoomId;
  readonly membership: Membership;
  /** The member event. */
  readonly event: EventNumber;
  readonly position: number;
  readonly sender: UserId;
  readonly forgotten: boolean;
  /** For invites and knocks: the stripped state that came with them, as a JSON array. */
  readonly strippedState: string | undefined;
}

export interface JoinedPosition {
  readonly room: RoomNumber;
  readonly roomId: RoomId;
  readonly lastPosition: number;
  /** 0 where the room has no receipt. */
  readonly receiptPosition: number;
}

export interface MemberRow {
  readonly user: UserId;
  readonly membership: Membership;
  readonly event: EventNumber;
}

export interface PublicRoomRow {
  readonly room: RoomRecord;
  /** Entries of the state that a directory shows, by event type (state key ''). */
  readonly state: ReadonlyMap<string, EventNumber>;
}

export interface RoomReads {
  findRoom(roomId: RoomId): Promise<RoomRecord | undefined>;
  getRooms(numbers: readonly RoomNumber[]): Promise<RoomRecord[]>;
  /** Rooms of the public directory, most joined members first. `search` is matched by the caller. */
  listPublished(): Promise<RoomRecord[]>;
  pageRooms(options: { after: RoomNumber | 0; limit: number }): Promise<RoomRecord[]>;
  findAlias(alias: RoomAlias): Promise<{ room: RoomNumber; roomId: RoomId; creator: UserId } | undefined>;
  listAliases(room: RoomNumber): Promise<RoomAlias[]>;

  /** The whole current state, or the entries asked for. */
  getCurrentState(room: RoomNumber, pairs?: readonly StatePair[]): Promise<StateEntry[]>;
  /** Current state entries of one event type (for example every `m.space.child`). */
  getCurrentStateOfType(room: RoomNumber, type: string): Promise<StateEntry[]>;
  /** The current state without member events, which may be many. */
  getCurrentStateWithoutMembers(room: RoomNumber): Promise<StateEntry[]>;
  /** Every value that one key has had on a line, oldest first, with the position it took effect at. */
  getStateHistory(line: LineNumber, pair: StatePair): Promise<{ position: number; event: EventNumber }[]>;
  /** The state at a reference, or the entries of it that are asked for. */
  getStateAt(reference: StateReference, pairs?: readonly StatePair[]): Promise<StateEntry[]>;
  /** Entries that changed on a line after `from` up to `to`: for each key its value at `to`. */
  getStateChanges(line: LineNumber, from: number, to: number): Promise<StateEntry[]>;
  getLines(room: RoomNumber): Promise<StateLine[]>;

  /** Members by current membership; without `memberships` all of them. */
  getMembers(room: RoomNumber, memberships?: readonly Membership[]): Promise<MemberRow[]>;
  getMembersOf(room: RoomNumber, users: readonly UserId[]): Promise<MemberRow[]>;
  /** Local users who are in the room now. */
  getLocalJoined(room: RoomNumber): Promise<UserId[]>;
  listMemberships(user: UserId, memberships?: readonly Membership[]): Promise<MembershipRecord[]>;
  findMembership(user: UserId, room: RoomNumber): Promise<MembershipRecord | undefined>;
  /** Member events of local users that arrived after `from` up to `to`. */
  listMembershipChanges(user: UserId, from: StreamPosition, to: StreamPosition): Promise<MembershipRecord[]>;
  /** Rooms in which both users are joined. */
  listSharedRooms(user: UserId, other: UserId): Promise<RoomNumber[]>;
  /** Everybody who is joined to a room in which `user` is joined, once each. */
  listUsersSharingRooms(user: UserId): Promise<UserId[]>;
  /** For every room the user is joined to: where its newest event and its newest receipt stand. */
  listJoinedPositions(user: UserId): Promise<JoinedPosition[]>;
}

export interface StateLine {
  readonly line: LineNumber;
  readonly room: RoomNumber;
  readonly parent: StateReference | undefined;
  readonly head: number;
}

export interface RoomWrites {
  createRoom(room: { number: RoomNumber; roomId: RoomId; version: string; mainLine: LineNumber }): void;
  /** Opens a line that continues `parent`. */
  openLine(line: StateLine): void;
  /** Appends entries at one position of a line; the position is the line's new head. */
  appendState(line: LineNumber, position: number, entries: readonly StateEntry[]): void;
  /** Makes entries part of the current state; `membership` is given for member events. */
  setCurrentState(room: RoomNumber, entries: readonly (StateEntry & { membership?: Membership })[]): void;
  removeCurrentState(room: RoomNumber, pairs: readonly StatePair[]): void;
  /** The room's head after this transaction. */
  updateRoom(room: {
    number: RoomNumber;
    mainLine: LineNumber;
    mainHead: number;
    joinedCount: number;
    invitedCount: number;
    lastPosition: number;
    lastDepth: number;
  }): void;
  /** Notes that the room's state is whole from this transaction's position on, with this head of its main line. */
  setCompleted(room: RoomNumber, head: number): void;
  setMembership(row: Omit<MembershipRecord, 'forgotten'>): void;
  setForgotten(user: UserId, room: RoomNumber): void;
  setPublished(room: RoomNumber, published: boolean): void;
  /** Fails the transaction where the alias exists. */
  createAlias(alias: RoomAlias, room: RoomNumber, creator: UserId): void;
  deleteAlias(alias: RoomAlias): void;
  moveAliases(from: RoomNumber, to: RoomNumber, aliases: readonly RoomAlias[]): void;
}
