import { type EventId, type ServerName, serverOf, type UserId } from '../../matrix/ids.ts';
import type {
  DestinationRecord,
  FederationReads,
  InboundTransactionRow,
  OpenIdTokenRecord,
  OutboundEduRow,
  OutboundEventRow,
  OutboundRoomRow,
  PartialRoomRecord,
  RemoteDeviceListRecord,
  RemoteDeviceRow,
  RemoteMediaRecord,
  RoomNumber,
  RoomServerRow,
  ServerKeyRecord,
  StreamPosition,
  UndeliverableRow,
} from '../../ports/store/index.ts';
import { bytesOf, type Database, findInteger, integerOf, textOf } from '../database.ts';
import { eventIdOf } from '../event-id-code.ts';
import { roomIn, serverIn, userIn } from './columns.ts';
import {
  destinationOf,
  outboundEventOf,
  outboundOf,
  partialRoomOf,
  remoteDeviceListOf,
  remoteDeviceOf,
  remoteMediaOf,
  roomServerOf,
  serverKeyOf,
} from './federation-rows.ts';

const DESTINATIONS = `SELECT server, acked_position, retry_at, retry_interval_ms, last_success_at, attempt_id,
  attempt_end, attempt_edu FROM destinations`;
const DESTINATION = `${DESTINATIONS} WHERE server = ?`;
const SERVERS_IN_ROOM = 'SELECT server FROM room_servers WHERE room = ? AND left_position = 0 ORDER BY server';
const SERVERS_AT = `SELECT server FROM room_servers WHERE room = ? AND left_position = 0 AND joined_position < ?
  UNION SELECT server FROM room_servers WHERE room = ? AND left_position >= ? AND joined_position < ? ORDER BY 1`;
const ROOMS_OF_SERVER = `SELECT room, server, joined_position, left_position FROM room_servers
  WHERE server = ? AND left_position = 0
  UNION ALL SELECT room, server, joined_position, left_position FROM room_servers
  WHERE server = ? AND left_position > ?`;
const OUTBOUND = 'SELECT position, room, event, also FROM outbound_events';
const OUTBOUND_EVENTS = `${OUTBOUND} WHERE position > ? AND position <= ? ORDER BY position LIMIT ?`;
const OUTBOUND_NAMING = `${OUTBOUND} WHERE also = ? AND position > ? ORDER BY position LIMIT ?`;
const OUTBOUND_ROOMS = `SELECT r.position, r.room, r.event FROM room_servers s JOIN outbound_rooms r ON r.room = s.room
  WHERE s.server = ? AND s.left_position = 0 AND r.position > ? AND r.position > s.joined_position
  ORDER BY r.position LIMIT ?`;
const EDUS = 'SELECT number, server, json FROM outbound_edus WHERE server = ? ORDER BY number LIMIT ?';
// One seek for each server, however many messages wait for it.
const SERVERS_WITH_EDUS = `WITH RECURSIVE g(server) AS (
    SELECT min(server) FROM outbound_edus
    UNION ALL SELECT (SELECT min(o.server) FROM outbound_edus o WHERE o.server > g.server) FROM g
    WHERE g.server IS NOT NULL)
  SELECT server FROM g WHERE server IS NOT NULL`;
const UNDELIVERABLE = 'SELECT server, at, why, json FROM undeliverable ORDER BY number DESC LIMIT ?';
const SERVER_KEYS = `SELECT server, key_id, public_key, valid_until, is_old, json, fetched_at FROM server_keys
  WHERE server IN @texts ORDER BY server, key_id`;
const INBOUND = `SELECT origin, transaction_id, response, received_at FROM inbound_transactions
  WHERE origin = ? AND transaction_id = ?`;
const BACKWARD = 'SELECT event_id, depth FROM backward_extremities WHERE room = ?';
const PARTIAL_ROOMS = `SELECT room, join_event, servers, attempts, retry_at, since, interval_ms, next_server
  FROM partial_rooms ORDER BY retry_at, room`;
const DEVICE_LISTS = 'SELECT user_id, stream_id, stale FROM remote_device_lists WHERE user_id IN @texts';
const DEVICES = `SELECT user_id, device, json, display_name FROM remote_devices WHERE user_id IN @texts
  ORDER BY user_id, device`;
const RECEIVED = 'SELECT 1 AS found FROM received_messages WHERE origin = ? AND message_id = ?';
const LIST_POSITION = 'SELECT max(position) AS position FROM device_list_changes WHERE user_id = ? AND position < ?';
const LOCAL_CHANGES = 'SELECT DISTINCT user_id FROM device_list_changes WHERE position > ? AND position <= ?';
const STALE_LISTS = 'SELECT user_id FROM remote_device_lists WHERE stale = 1';
const SERVERS_SHARING = `SELECT DISTINCT s.server FROM memberships m
  JOIN room_servers s ON s.room = m.room AND s.left_position = 0
  WHERE m.user_id = ? AND m.membership = 1 AND m.room <> ? ORDER BY s.server`;
// The rooms of the user's server are far fewer than those of this one.
const ROOMS_WITH_REMOTE = `SELECT s.room FROM room_servers s JOIN current_state c ON c.room = s.room
  AND c.key = (SELECT key FROM state_keys WHERE type = 'm.room.member' AND state_key = ?)
  WHERE s.server = ? AND s.left_position = 0 AND c.membership = 1
  AND EXISTS (SELECT 1 FROM memberships m WHERE m.room = s.room AND m.membership = 1) ORDER BY s.room`;
const MEDIA = `SELECT server, media_id, blob, size_bytes, content_type, file_name, fetched_at, used_at, quarantined
  FROM remote_media`;
const ONE_MEDIA = `${MEDIA} WHERE server = ? AND media_id = ?`;
const UNUSED_MEDIA = `${MEDIA} WHERE quarantined = 0 AND used_at < ? ORDER BY used_at LIMIT ?`;
const OPENID_TOKEN = 'SELECT token_hash, user_id, expires_at FROM openid_tokens WHERE token_hash = ?';

/** Reads of what is kept about other servers. */
export class FederationQueries implements FederationReads {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async findDestination(server: ServerName): Promise<DestinationRecord | undefined> {
    const [row] = await this.#database.all(DESTINATION, server);
    return row === undefined ? undefined : destinationOf(row);
  }

  async listDestinations(): Promise<DestinationRecord[]> {
    return (await this.#database.slow(DESTINATIONS)).map(destinationOf);
  }

  async listServersInRoom(room: RoomNumber): Promise<ServerName[]> {
    return (await this.#database.all(SERVERS_IN_ROOM, room)).map((row) => serverIn(row));
  }

  async listServersInRoomAt(room: RoomNumber, position: StreamPosition): Promise<ServerName[]> {
    const rows = await this.#database.all(SERVERS_AT, room, position, room, position, position);
    return rows.map((row) => serverIn(row));
  }

  async listRoomsOfServer(server: ServerName, since: StreamPosition | 0): Promise<RoomServerRow[]> {
    return (await this.#database.all(ROOMS_OF_SERVER, server, server, since)).map(roomServerOf);
  }

  async listOutboundEvents(
    from: StreamPosition | 0,
    to: StreamPosition | 0,
    limit: number,
  ): Promise<OutboundEventRow[]> {
    return (await this.#database.all(OUTBOUND_EVENTS, from, to, limit)).map(outboundEventOf);
  }

  async listOutboundEventsNaming(
    server: ServerName,
    after: StreamPosition | 0,
    limit: number,
  ): Promise<OutboundEventRow[]> {
    return (await this.#database.all(OUTBOUND_NAMING, server, after, limit)).map(outboundEventOf);
  }

  async listOutboundRooms(server: ServerName, after: StreamPosition | 0, limit: number): Promise<OutboundRoomRow[]> {
    return (await this.#database.slow(OUTBOUND_ROOMS, server, after, limit)).map(outboundOf);
  }

  async listOutboundEdus(server: ServerName, limit: number): Promise<OutboundEduRow[]> {
    const rows = await this.#database.all(EDUS, server, limit);
    return rows.map((row) => ({
      number: integerOf(row, 'number'),
      server: serverIn(row),
      json: textOf(row, 'json'),
    }));
  }

  async listServersWithEdus(): Promise<ServerName[]> {
    return (await this.#database.slow(SERVERS_WITH_EDUS)).map((row) => serverIn(row));
  }

  async listUndeliverable(limit: number): Promise<UndeliverableRow[]> {
    const rows = await this.#database.all(UNDELIVERABLE, limit);
    return rows.map((row) => ({
      server: serverIn(row),
      at: integerOf(row, 'at'),
      why: textOf(row, 'why'),
      json: textOf(row, 'json'),
    }));
  }

  async getServerKeys(servers: readonly ServerName[]): Promise<ServerKeyRecord[]> {
    if (servers.length === 0) return [];
    return (await this.#database.all(SERVER_KEYS, servers)).map(serverKeyOf);
  }

  async findInboundTransaction(origin: ServerName, transactionId: string): Promise<InboundTransactionRow | undefined> {
    const [row] = await this.#database.all(INBOUND, origin, transactionId);
    if (row === undefined) return undefined;
    const [response, receivedAt] = [textOf(row, 'response'), integerOf(row, 'received_at')];
    return { origin, transactionId, response, receivedAt };
  }

  async listBackwardExtremities(room: RoomNumber): Promise<{ eventId: EventId; depth: number }[]> {
    const rows = await this.#database.all(BACKWARD, room);
    return rows.map((row) => ({ eventId: eventIdOf(bytesOf(row, 'event_id')), depth: integerOf(row, 'depth') }));
  }

  async listPartialRooms(): Promise<PartialRoomRecord[]> {
    return (await this.#database.all(PARTIAL_ROOMS)).map(partialRoomOf);
  }

  async getRemoteDeviceLists(users: readonly UserId[]): Promise<RemoteDeviceListRecord[]> {
    if (users.length === 0) return [];
    return (await this.#database.all(DEVICE_LISTS, users)).map(remoteDeviceListOf);
  }

  async getRemoteDevices(users: readonly UserId[]): Promise<RemoteDeviceRow[]> {
    if (users.length === 0) return [];
    return (await this.#database.all(DEVICES, users)).map(remoteDeviceOf);
  }

  async hasReceivedMessage(origin: ServerName, messageId: string): Promise<boolean> {
    return (await this.#database.all(RECEIVED, origin, messageId)).length > 0;
  }

  async listStaleDeviceLists(): Promise<UserId[]> {
    return (await this.#database.slow(STALE_LISTS)).map((row) => userIn(row));
  }

  async listLocalDeviceListChanges(server: ServerName, from: number, to: StreamPosition): Promise<UserId[]> {
    const users = (await this.#database.slow(LOCAL_CHANGES, from, to)).map((row) => userIn(row));
    return users.filter((user) => serverOf(user) === server);
  }

  async listServersSharingRooms(user: UserId, except?: RoomNumber): Promise<ServerName[]> {
    return (await this.#database.all(SERVERS_SHARING, user, except ?? 0)).map((row) => serverIn(row));
  }

  async listRoomsWithRemoteUser(user: UserId): Promise<RoomNumber[]> {
    return (await this.#database.all(ROOMS_WITH_REMOTE, user, serverOf(user) ?? '')).map((row) => roomIn(row));
  }

  async findDeviceListPosition(user: UserId, before?: StreamPosition): Promise<StreamPosition | undefined> {
    const [row] = await this.#database.all(LIST_POSITION, user, before ?? Number.MAX_SAFE_INTEGER);
    return row === undefined ? undefined : (findInteger(row, 'position') as StreamPosition | undefined);
  }

  async findRemoteMedia(server: ServerName, mediaId: string): Promise<RemoteMediaRecord | undefined> {
    const [row] = await this.#database.all(ONE_MEDIA, server, mediaId);
    return row === undefined ? undefined : remoteMediaOf(row);
  }

  async listRemoteMediaUnused(usedBefore: number, limit: number): Promise<RemoteMediaRecord[]> {
    return (await this.#database.all(UNUSED_MEDIA, usedBefore, limit)).map(remoteMediaOf);
  }

  async findOpenIdToken(tokenHash: Uint8Array): Promise<OpenIdTokenRecord | undefined> {
    const [row] = await this.#database.all(OPENID_TOKEN, tokenHash);
    if (row === undefined) return undefined;
    const user = userIn(row);
    return { tokenHash: bytesOf(row, 'token_hash'), user, expiresAt: integerOf(row, 'expires_at') };
  }
}
