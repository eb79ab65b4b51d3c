import type { RoomId, UserId } from '../../matrix/ids.ts';
import type { EventNumber, LineNumber, RoomNumber } from './types.ts';

/** A room that is being deleted: nobody here knows it any more, and its rows go little by little. */
export interface PurgeRecord {
  readonly room: RoomNumber;
  readonly roomId: RoomId;
}

/** A local user's place in a room that may be deleted. */
export interface PlaceRow {
  readonly user: UserId;
  readonly event: EventNumber;
  readonly forgotten: boolean;
}

export interface PurgeReads {
  /** Rooms whose deletion has begun. */
  listPurges(): Promise<PurgeRecord[]>;
  /** Rooms that local users were in and that every one of them has forgotten, in the order of their numbers. */
  listForgottenRooms(limit: number): Promise<RoomNumber[]>;
  /** Places of local users in a room, forgotten ones included. */
  listPlaces(room: RoomNumber): Promise<PlaceRow[]>;
  /** Some events of a room, outliers included. */
  listSomeEvents(room: RoomNumber, limit: number): Promise<EventNumber[]>;
  /** The key number up to which about `limit` entries of a line's log lie; `undefined` where it has no more. */
  findLogCut(line: LineNumber, limit: number): Promise<number | undefined>;
  /** The newest outbound event of a room; `undefined` where other servers were never told of any. */
  findLastOutbound(room: RoomNumber): Promise<number | undefined>;
  /** Whether a server that was in the room does not answer and has not got what was sent at `position`. */
  isSomebodyBehind(room: RoomNumber, position: number): Promise<boolean>;
}

export interface PurgeWrites {
  /** Notes that the deletion of a room has begun: it is finished after a crash, too. */
  beginPurge(record: PurgeRecord): void;
  /** Deletes events with all that hangs on them. */
  deleteEvents(events: readonly EventNumber[]): void;
  /** Deletes the entries of a line's log up to a key number, or all of them. */
  deleteLog(line: LineNumber, upToKey: number | undefined): void;
  /** Deletes what is left of a room without events and log: then it has never been here. */
  finishPurge(room: RoomNumber): void;
}
