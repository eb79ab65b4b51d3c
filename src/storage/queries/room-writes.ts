import type { RoomAlias, RoomId, UserId } from '../../matrix/ids.ts';
import type {
  LineNumber,
  Membership,
  MembershipRecord,
  RoomNumber,
  RoomWrites,
  StateEntry,
  StateLine,
  StatePair,
} from '../../ports/store/index.ts';
import { bit, orNull, type StatementSink, type WritePosition } from '../database.ts';
import { membershipCode, NO_MEMBERSHIP } from './codes.ts';
import type { StateKeys } from './state-keys.ts';

const ADD_ROOM = `INSERT INTO rooms (number, room_id, version, main_line, main_head, joined_count, invited_count,
  last_position, last_depth, published) VALUES (?, ?, ?, ?, 0, 0, 0, 0, 0, 0)`;
const ADD_LINE = 'INSERT INTO state_lines (line, room, parent_line, parent_position, head) VALUES (?, ?, ?, ?, ?)';
const ADD_ENTRY = `INSERT INTO state_log (line, key, position, event) VALUES (?,
  (SELECT key FROM state_keys WHERE type = ? AND state_key = ?), ?, ?)`;
const MOVE_HEAD = 'UPDATE state_lines SET head = ? WHERE line = ?';
const SET_CURRENT = `INSERT INTO current_state (room, key, event, membership) VALUES (?,
  (SELECT key FROM state_keys WHERE type = ? AND state_key = ?), ?, ?)
  ON CONFLICT (room, key) DO UPDATE SET event = excluded.event, membership = excluded.membership`;
const REMOVE_CURRENT = `DELETE FROM current_state WHERE room = ? AND key =
  (SELECT key FROM state_keys WHERE type = ? AND state_key = ?)`;
const UPDATE_ROOM = `UPDATE rooms SET main_line = ?, main_head = ?, joined_count = ?, invited_count = ?,
  last_position = ?, last_depth = ? WHERE number = ?`;
const SET_COMPLETED = 'UPDATE rooms SET completed_position = ?, completed_head = ? WHERE number = ?';
const SET_MEMBERSHIP = `INSERT INTO memberships (user_id, room, membership, event, position, sender, forgotten,
  stripped_state) VALUES (?, ?, ?, ?, ?, ?, 0, ?)
  ON CONFLICT (user_id, room) DO UPDATE SET membership = excluded.membership, event = excluded.event,
  position = excluded.position, sender = excluded.sender, forgotten = 0, stripped_state = excluded.stripped_state`;
const FORGET = 'UPDATE memberships SET forgotten = 1 WHERE user_id = ? AND room = ?';
const PUBLISH = 'UPDATE rooms SET published = ? WHERE number = ?';
const ADD_ALIAS = 'INSERT INTO room_aliases (alias, room, creator) VALUES (?, ?, ?)';
const DELETE_ALIAS = 'DELETE FROM room_aliases WHERE alias = ?';
const MOVE_ALIASES = 'UPDATE room_aliases SET room = ? WHERE room = ? AND alias IN @texts';

/** Writes of rooms, lines, state, memberships and aliases. */
export class RoomStatements implements RoomWrites {
  readonly #sink: StatementSink;
  readonly #stateKeys: StateKeys;
  readonly #at: WritePosition;

  constructor(sink: StatementSink, stateKeys: StateKeys, at: WritePosition) {
    this.#sink = sink;
    this.#stateKeys = stateKeys;
    this.#at = at;
  }

  createRoom(room: { number: RoomNumber; roomId: RoomId; version: string; mainLine: LineNumber }): void {
    this.#sink.run(ADD_ROOM, room.number, room.roomId, room.version, room.mainLine);
    this.openLine({ line: room.mainLine, room: room.number, parent: undefined, head: 0 });
  }

  openLine(line: StateLine): void {
    const { parent } = line;
    this.#sink.run(ADD_LINE, line.line, line.room, orNull<number>(parent?.line), orNull(parent?.position), line.head);
  }

  appendState(line: LineNumber, position: number, entries: readonly StateEntry[]): void {
    for (const entry of entries) {
      this.#stateKeys.intern(this.#sink, entry);
      this.#sink.run(ADD_ENTRY, line, entry.type, entry.stateKey, position, entry.event);
    }
    this.#sink.runOne(MOVE_HEAD, position, line);
  }

  setCurrentState(room: RoomNumber, entries: readonly (StateEntry & { membership?: Membership })[]): void {
    for (const entry of entries) {
      const membership = entry.membership === undefined ? NO_MEMBERSHIP : membershipCode(entry.membership);
      this.#stateKeys.intern(this.#sink, entry);
      this.#sink.run(SET_CURRENT, room, entry.type, entry.stateKey, entry.event, membership);
    }
  }

  removeCurrentState(room: RoomNumber, pairs: readonly StatePair[]): void {
    for (const pair of pairs) this.#sink.run(REMOVE_CURRENT, room, pair.type, pair.stateKey);
  }

  updateRoom(room: {
    number: RoomNumber;
    mainLine: LineNumber;
    mainHead: number;
    joinedCount: number;
    invitedCount: number;
    lastPosition: number;
    lastDepth: number;
  }): void {
    const { mainLine, mainHead, joinedCount, invitedCount, lastPosition, lastDepth, number } = room;
    this.#sink.runOne(UPDATE_ROOM, mainLine, mainHead, joinedCount, invitedCount, lastPosition, lastDepth, number);
  }

  setCompleted(room: RoomNumber, head: number): void {
    this.#sink.runOne(SET_COMPLETED, this.#at.position, head, room);
  }

  setMembership(row: Omit<MembershipRecord, 'forgotten'>): void {
    const { user, room, event, position, sender } = row;
    const membership = membershipCode(row.membership);
    this.#sink.run(SET_MEMBERSHIP, user, room, membership, event, position, sender, orNull(row.strippedState));
  }

  setForgotten(user: UserId, room: RoomNumber): void {
    this.#sink.runOne(FORGET, user, room);
  }

  setPublished(room: RoomNumber, published: boolean): void {
    this.#sink.runOne(PUBLISH, bit(published), room);
  }

  createAlias(alias: RoomAlias, room: RoomNumber, creator: UserId): void {
    this.#sink.run(ADD_ALIAS, alias, room, creator);
  }

  deleteAlias(alias: RoomAlias): void {
    this.#sink.run(DELETE_ALIAS, alias);
  }

  moveAliases(from: RoomNumber, to: RoomNumber, aliases: readonly RoomAlias[]): void {
    if (aliases.length > 0) this.#sink.run(MOVE_ALIASES, to, from, aliases);
  }
}
