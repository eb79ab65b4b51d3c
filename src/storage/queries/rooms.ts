import type { RoomAlias, RoomId, UserId } from '../../matrix/ids.ts';
import type {
  JoinedPosition,
  EventNumber,
  LineNumber,
  MemberRow,
  Membership,
  MembershipRecord,
  RoomNumber,
  RoomReads,
  RoomRecord,
  StateEntry,
  StateLine,
  StatePair,
  StateReference,
  StreamPosition,
} from '../../ports/store/index.ts';
import { type Database, integerOf, textOf } from '../database.ts';
import { membershipCodes } from './codes.ts';
import { roomIdIn, roomIn, userIn } from './columns.ts';
import { lineOf, MEMBERSHIP_COLUMNS, memberOf, membershipRecordOf, ROOM_COLUMNS, roomOf } from './room-rows.ts';
import { StateQueries } from './state.ts';
import type { StateKeys } from './state-keys.ts';

const ROOM = `SELECT ${ROOM_COLUMNS} FROM rooms r`;
const ROOM_BY_ID = `${ROOM} WHERE r.room_id = ?`;
const ROOMS_BY_NUMBER = `${ROOM} WHERE r.number IN @numbers`;
const PUBLISHED = `${ROOM} WHERE r.published = 1 ORDER BY r.joined_count DESC, r.number`;
const PAGE = `${ROOM} WHERE r.number > ? ORDER BY r.number LIMIT ?`;
const ALIAS = `SELECT a.room, r.room_id, a.creator FROM room_aliases a JOIN rooms r ON r.number = a.room
  WHERE a.alias = ?`;
const ALIASES = 'SELECT alias FROM room_aliases WHERE room = ? ORDER BY alias';
const LINES = 'SELECT line, room, parent_line, parent_position, head FROM state_lines WHERE room = ? ORDER BY line';

const MEMBERS = `SELECT k.state_key, c.membership, c.event FROM current_state c JOIN state_keys k ON k.key = c.key
  WHERE c.room = ? AND c.membership IN @numbers`;
const MEMBERS_OF = `SELECT k.state_key, c.membership, c.event FROM state_keys k
  JOIN current_state c ON c.room = ? AND c.key = k.key
  WHERE k.type = 'm.room.member' AND k.state_key IN @texts AND c.membership > 0`;
const LOCAL_JOINED = 'SELECT user_id FROM memberships WHERE room = ? AND membership = 1';

const MEMBERSHIP = `SELECT ${MEMBERSHIP_COLUMNS} FROM memberships m JOIN rooms r ON r.number = m.room
  WHERE m.user_id = ?`;
const MEMBERSHIPS = `${MEMBERSHIP} AND m.membership IN @numbers ORDER BY m.room`;
const ONE_MEMBERSHIP = `${MEMBERSHIP} AND m.room = ?`;
const MEMBERSHIP_CHANGES = `${MEMBERSHIP} AND m.position > ? AND m.position <= ? ORDER BY m.position, m.room`;
const SHARED_ROOMS = `SELECT m.room FROM memberships m JOIN current_state c ON c.room = m.room
  AND c.key = (SELECT key FROM state_keys WHERE type = 'm.room.member' AND state_key = ?)
  WHERE m.user_id = ? AND m.membership = 1 AND c.membership = 1 ORDER BY m.room`;
const USERS_SHARING = `SELECT k.state_key FROM state_keys k WHERE k.key IN
  (SELECT c.key FROM memberships m JOIN current_state c ON c.room = m.room
    WHERE m.user_id = ? AND m.membership = 1 AND c.membership = 1)`;
const JOINED_POSITIONS = `SELECT m.room, r.room_id, r.last_position,
    (SELECT coalesce(max(c.position), 0) FROM receipts c WHERE c.room = m.room) AS receipt_position
  FROM memberships m JOIN rooms r ON r.number = m.room WHERE m.user_id = ? AND m.membership = 1`;

/** Reads of rooms, aliases, state and members. */
export class RoomQueries implements RoomReads {
  readonly #database: Database;
  readonly #state: StateQueries;

  constructor(database: Database, stateKeys: StateKeys) {
    this.#database = database;
    this.#state = new StateQueries(database, stateKeys);
  }

  async findRoom(roomId: RoomId): Promise<RoomRecord | undefined> {
    const [row] = await this.#database.all(ROOM_BY_ID, roomId);
    return row === undefined ? undefined : roomOf(row);
  }

  async getRooms(numbers: readonly RoomNumber[]): Promise<RoomRecord[]> {
    if (numbers.length === 0) return [];
    return (await this.#database.all(ROOMS_BY_NUMBER, numbers)).map(roomOf);
  }

  async listPublished(): Promise<RoomRecord[]> {
    return (await this.#database.all(PUBLISHED)).map(roomOf);
  }

  async pageRooms(options: { after: RoomNumber | 0; limit: number }): Promise<RoomRecord[]> {
    return (await this.#database.all(PAGE, options.after, options.limit)).map(roomOf);
  }

  async findAlias(alias: RoomAlias): Promise<{ room: RoomNumber; roomId: RoomId; creator: UserId } | undefined> {
    const [row] = await this.#database.all(ALIAS, alias);
    if (row === undefined) return undefined;
    return {
      room: roomIn(row),
      roomId: roomIdIn(row),
      creator: userIn(row, 'creator'),
    };
  }

  async listAliases(room: RoomNumber): Promise<RoomAlias[]> {
    return (await this.#database.all(ALIASES, room)).map((row) => textOf(row, 'alias') as RoomAlias);
  }

  getCurrentState(room: RoomNumber, pairs?: readonly StatePair[]): Promise<StateEntry[]> {
    return this.#state.current(room, pairs);
  }

  getCurrentStateOfType(room: RoomNumber, type: string): Promise<StateEntry[]> {
    return this.#state.currentOfType(room, type);
  }

  getCurrentStateWithoutMembers(room: RoomNumber): Promise<StateEntry[]> {
    return this.#state.currentWithoutMembers(room);
  }

  getStateHistory(line: LineNumber, pair: StatePair): Promise<{ position: number; event: EventNumber }[]> {
    return this.#state.history(line, pair);
  }

  getStateAt(reference: StateReference, pairs?: readonly StatePair[]): Promise<StateEntry[]> {
    return this.#state.at(reference, pairs);
  }

  getStateChanges(line: LineNumber, from: number, to: number): Promise<StateEntry[]> {
    return this.#state.changes(line, from, to);
  }

  async getLines(room: RoomNumber): Promise<StateLine[]> {
    return (await this.#database.all(LINES, room)).map(lineOf);
  }

  async getMembers(room: RoomNumber, memberships?: readonly Membership[]): Promise<MemberRow[]> {
    return (await this.#database.all(MEMBERS, room, membershipCodes(memberships))).map(memberOf);
  }

  async getMembersOf(room: RoomNumber, users: readonly UserId[]): Promise<MemberRow[]> {
    if (users.length === 0) return [];
    return (await this.#database.all(MEMBERS_OF, room, users)).map(memberOf);
  }

  async getLocalJoined(room: RoomNumber): Promise<UserId[]> {
    return (await this.#database.all(LOCAL_JOINED, room)).map((row) => userIn(row));
  }

  async listMemberships(user: UserId, memberships?: readonly Membership[]): Promise<MembershipRecord[]> {
    return (await this.#database.all(MEMBERSHIPS, user, membershipCodes(memberships))).map(membershipRecordOf);
  }

  async findMembership(user: UserId, room: RoomNumber): Promise<MembershipRecord | undefined> {
    const [row] = await this.#database.all(ONE_MEMBERSHIP, user, room);
    return row === undefined ? undefined : membershipRecordOf(row);
  }

  async listMembershipChanges(user: UserId, from: StreamPosition, to: StreamPosition): Promise<MembershipRecord[]> {
    return (await this.#database.all(MEMBERSHIP_CHANGES, user, from, to)).map(membershipRecordOf);
  }

  async listSharedRooms(user: UserId, other: UserId): Promise<RoomNumber[]> {
    const rows = await this.#database.all(SHARED_ROOMS, other, user);
    return rows.map((row) => roomIn(row));
  }

  async listUsersSharingRooms(user: UserId): Promise<UserId[]> {
    return (await this.#database.all(USERS_SHARING, user)).map((row) => userIn(row, 'state_key'));
  }

  async listJoinedPositions(user: UserId): Promise<JoinedPosition[]> {
    const rows = await this.#database.all(JOINED_POSITIONS, user);
    return rows.map((row) => ({
      room: roomIn(row),
      roomId: roomIdIn(row),
      lastPosition: integerOf(row, 'last_position'),
      receiptPosition: integerOf(row, 'receipt_position'),
    }));
  }
}
