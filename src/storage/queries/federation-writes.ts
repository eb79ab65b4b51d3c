import type { DeviceId, EventId, ServerName, UserId } from '../../matrix/ids.ts';
import type {
  DestinationRecord,
  EventNumber,
  FederationWrites,
  InboundTransactionRow,
  OpenIdTokenRecord,
  PartialRoomRecord,
  RemoteDeviceListRecord,
  RemoteDeviceRow,
  RemoteMediaRecord,
  RoomNumber,
  ServerKeyRecord,
  StreamPosition,
  UndeliverableRow,
} from '../../ports/store/index.ts';
import { bit, orNull, type StatementSink, type WritePosition } from '../database.ts';
import { eventIdBytes } from '../event-id-code.ts';
import { STILL_THERE } from './federation-rows.ts';
import { DELETE_THUMBNAILS } from './media.ts';

const PUT_DESTINATION = `INSERT INTO destinations (server, acked_position, retry_at, retry_interval_ms,
  last_success_at, attempt_id, attempt_end, attempt_edu) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (server) DO UPDATE SET acked_position = excluded.acked_position, retry_at = excluded.retry_at,
  retry_interval_ms = excluded.retry_interval_ms,
  last_success_at = coalesce(excluded.last_success_at, destinations.last_success_at),
  attempt_id = excluded.attempt_id, attempt_end = excluded.attempt_end, attempt_edu = excluded.attempt_edu`;
const DELETE_DESTINATION = 'DELETE FROM destinations WHERE server = ?';
const ADD_ROOM_SERVER = `INSERT INTO room_servers (room, left_position, server, joined_position) VALUES (?, ?, ?, ?)
  ON CONFLICT (room, left_position, server) DO NOTHING`;
const REMOVE_ROOM_SERVER = `UPDATE room_servers SET left_position = ?
  WHERE room = ? AND left_position = 0 AND server = ?`;
const PUT_OUTBOUND = 'INSERT INTO outbound_events (position, room, event, also) VALUES (?, ?, ?, ?)';
const PUT_OUTBOUND_ROOM = `INSERT INTO outbound_rooms (room, position, event) VALUES (?, ?, ?)
  ON CONFLICT (room) DO UPDATE SET position = excluded.position, event = excluded.event`;
const DELETE_OUTBOUND = 'DELETE FROM outbound_events WHERE position <= ?';
const PUT_EDU = 'INSERT INTO outbound_edus (server, json) VALUES (?, ?)';
const DELETE_EDUS = 'DELETE FROM outbound_edus WHERE server = ? AND number IN @numbers';
const PUT_UNDELIVERABLE = 'INSERT INTO undeliverable (server, at, why, json) VALUES (?, ?, ?, ?)';
const TRIM_UNDELIVERABLE = `DELETE FROM undeliverable
  WHERE number <= (SELECT number FROM undeliverable ORDER BY number DESC LIMIT 1 OFFSET 1000)`;
const PUT_SERVER_KEY = `INSERT INTO server_keys
  (server, key_id, public_key, valid_until, is_old, json, fetched_at) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (server, key_id) DO UPDATE SET public_key = excluded.public_key, valid_until = excluded.valid_until,
  is_old = excluded.is_old, json = excluded.json, fetched_at = excluded.fetched_at`;
const PUT_INBOUND = `INSERT INTO inbound_transactions (origin, transaction_id, response, received_at)
  VALUES (?, ?, ?, ?) ON CONFLICT (origin, transaction_id) DO NOTHING`;
const DELETE_INBOUND = 'DELETE FROM inbound_transactions WHERE received_at < ?';
const ADD_BACKWARD = `INSERT INTO backward_extremities (room, event_id, depth) VALUES (?, ?, ?)
  ON CONFLICT (room, event_id) DO UPDATE SET depth = excluded.depth
  WHERE excluded.depth < backward_extremities.depth`;
const REMOVE_BACKWARD = 'DELETE FROM backward_extremities WHERE room = ? AND event_id IN @blobs';
const PUT_PARTIAL = `INSERT INTO partial_rooms (room, join_event, servers, attempts, retry_at, since, interval_ms,
  next_server) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (room) DO UPDATE SET join_event = excluded.join_event, servers = excluded.servers,
  attempts = excluded.attempts, retry_at = excluded.retry_at, since = excluded.since,
  interval_ms = excluded.interval_ms, next_server = excluded.next_server`;
const DELETE_PARTIAL = 'DELETE FROM partial_rooms WHERE room = ?';
const PUT_DEVICE_LIST = `INSERT INTO remote_device_lists (user_id, stream_id, stale) VALUES (?, ?, ?)
  ON CONFLICT (user_id) DO UPDATE SET stream_id = excluded.stream_id, stale = excluded.stale`;
const DELETE_DEVICE_LIST = 'DELETE FROM remote_device_lists WHERE user_id = ?';
const PUT_DEVICE = `INSERT INTO remote_devices (user_id, device, json, display_name) VALUES (?, ?, ?, ?)
  ON CONFLICT (user_id, device) DO UPDATE SET json = excluded.json, display_name = excluded.display_name`;
const DELETE_DEVICE = 'DELETE FROM remote_devices WHERE user_id = ? AND device = ?';
const DELETE_IDENTITY = 'DELETE FROM cross_signing_keys WHERE user_id = ?';
const DELETE_DEVICES = 'DELETE FROM remote_devices WHERE user_id = ?';
const RECORD_RECEIVED = `INSERT INTO received_messages (origin, message_id, received_at) VALUES (?, ?, ?)
  ON CONFLICT (origin, message_id) DO NOTHING`;
const FORGET_RECEIVED = 'DELETE FROM received_messages WHERE received_at < ?';
const PUT_MEDIA = `INSERT INTO remote_media
  (server, media_id, blob, size_bytes, content_type, file_name, fetched_at, used_at, quarantined)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (server, media_id) DO UPDATE SET blob = excluded.blob,
  size_bytes = excluded.size_bytes, content_type = excluded.content_type, file_name = excluded.file_name,
  fetched_at = excluded.fetched_at, used_at = excluded.used_at, quarantined = excluded.quarantined`;
const USE_MEDIA = 'UPDATE remote_media SET used_at = ? WHERE server = ? AND media_id = ?';
const QUARANTINE_MEDIA = 'UPDATE remote_media SET quarantined = ? WHERE server = ? AND media_id = ?';
const DELETE_MEDIA = 'DELETE FROM remote_media WHERE server = ? AND media_id = ?';
const PUT_OPENID = 'INSERT INTO openid_tokens (token_hash, user_id, expires_at) VALUES (?, ?, ?)';
const DELETE_OPENID = 'DELETE FROM openid_tokens WHERE expires_at < ?';

/** Writes of what is kept about other servers. */
export class FederationStatements implements FederationWrites {
  readonly #sink: StatementSink;
  readonly #at: WritePosition;

  constructor(sink: StatementSink, at: WritePosition) {
    this.#sink = sink;
    this.#at = at;
  }

  putDestination(record: DestinationRecord): void {
    const { server, ackedPosition, retryAt, retryIntervalMs, lastSuccessAt, attempt } = record;
    this.#sink.run(
      PUT_DESTINATION,
      server,
      ackedPosition,
      orNull(retryAt),
      retryIntervalMs,
      orNull(lastSuccessAt),
      orNull(attempt?.transactionId),
      orNull(attempt?.endPosition),
      orNull(attempt?.lastEdu),
    );
  }

  deleteDestination(server: ServerName): void {
    this.#sink.run(DELETE_DESTINATION, server);
  }

  addRoomServer(room: RoomNumber, server: ServerName): void {
    this.#sink.run(ADD_ROOM_SERVER, room, STILL_THERE, server, this.#at.position);
  }

  removeRoomServer(room: RoomNumber, server: ServerName): void {
    this.#sink.run(REMOVE_ROOM_SERVER, this.#at.position, room, server);
  }

  putOutboundEvent(room: RoomNumber, event: EventNumber, also?: ServerName): void {
    const { position } = this.#at;
    this.#sink.run(PUT_OUTBOUND, position, room, event, orNull(also));
    this.#sink.run(PUT_OUTBOUND_ROOM, room, position, event);
  }

  deleteOutboundEventsUpTo(position: StreamPosition): void {
    this.#sink.run(DELETE_OUTBOUND, position);
  }

  putOutboundEdu(server: ServerName, json: string): void {
    this.#sink.run(PUT_EDU, server, json);
  }

  deleteOutboundEdus(server: ServerName, numbers: readonly number[]): void {
    if (numbers.length > 0) this.#sink.run(DELETE_EDUS, server, numbers);
  }

  putUndeliverable(row: UndeliverableRow): void {
    this.#sink.run(PUT_UNDELIVERABLE, row.server, row.at, row.why, row.json);
    this.#sink.run(TRIM_UNDELIVERABLE);
  }

  putServerKey(record: ServerKeyRecord): void {
    const { server, keyId, publicKey, validUntil, isOld, json, fetchedAt } = record;
    this.#sink.run(PUT_SERVER_KEY, server, keyId, publicKey, validUntil, bit(isOld), json, fetchedAt);
  }

  putInboundTransaction(row: InboundTransactionRow): void {
    this.#sink.run(PUT_INBOUND, row.origin, row.transactionId, row.response, row.receivedAt);
  }

  deleteInboundTransactionsBefore(receivedAt: number): void {
    this.#sink.run(DELETE_INBOUND, receivedAt);
  }

  addBackwardExtremity(room: RoomNumber, eventId: EventId, depth: number): void {
    this.#sink.run(ADD_BACKWARD, room, eventIdBytes(eventId), depth);
  }

  removeBackwardExtremities(room: RoomNumber, eventIds: readonly EventId[]): void {
    if (eventIds.length > 0) this.#sink.run(REMOVE_BACKWARD, room, eventIds.map(eventIdBytes));
  }

  putPartialRoom(record: PartialRoomRecord): void {
    const { room, joinEvent, servers, attempts, retryAt, since, intervalMs, nextServer } = record;
    const told = JSON.stringify(servers);
    this.#sink.run(PUT_PARTIAL, room, eventIdBytes(joinEvent), told, attempts, retryAt, since, intervalMs, nextServer);
  }

  deletePartialRoom(room: RoomNumber): void {
    this.#sink.run(DELETE_PARTIAL, room);
  }

  putRemoteDeviceList(record: RemoteDeviceListRecord): void {
    this.#sink.run(PUT_DEVICE_LIST, record.user, orNull(record.streamId), bit(record.stale));
  }

  replaceRemoteDevices(user: UserId, devices: readonly RemoteDeviceRow[]): void {
    this.#sink.run(DELETE_DEVICES, user);
    for (const device of devices) this.putRemoteDevice(device);
  }

  putRemoteDevice(row: RemoteDeviceRow): void {
    this.#sink.run(PUT_DEVICE, row.user, row.device, orNull(row.json), orNull(row.displayName));
  }

  deleteRemoteDevice(user: UserId, device: DeviceId): void {
    this.#sink.run(DELETE_DEVICE, user, device);
  }

  deleteRemoteDeviceList(user: UserId): void {
    this.#sink.run(DELETE_DEVICE_LIST, user);
    this.#sink.run(DELETE_DEVICES, user);
    this.#sink.run(DELETE_IDENTITY, user);
  }

  recordReceivedMessage(origin: ServerName, messageId: string, receivedAt: number): void {
    this.#sink.run(RECORD_RECEIVED, origin, messageId, receivedAt);
  }

  deleteReceivedMessagesBefore(receivedAt: number): void {
    this.#sink.run(FORGET_RECEIVED, receivedAt);
  }

  putRemoteMedia(record: RemoteMediaRecord): void {
    this.#sink.run(
      PUT_MEDIA,
      record.server,
      record.mediaId,
      record.blob,
      record.sizeBytes,
      orNull(record.contentType),
      orNull(record.fileName),
      record.fetchedAt,
      record.usedAt,
      bit(record.quarantined),
    );
  }

  setRemoteMediaUsed(server: ServerName, mediaId: string, usedAt: number): void {
    this.#sink.run(USE_MEDIA, usedAt, server, mediaId);
  }

  setRemoteMediaQuarantined(server: ServerName, mediaId: string, quarantined: boolean): void {
    this.#sink.runOne(QUARANTINE_MEDIA, bit(quarantined), server, mediaId);
  }

  deleteRemoteMedia(server: ServerName, mediaId: string): void {
    this.#sink.run(DELETE_MEDIA, server, mediaId);
    this.#sink.run(DELETE_THUMBNAILS, `${server}/${mediaId}`);
  }

  putOpenIdToken(record: OpenIdTokenRecord): void {
    this.#sink.run(PUT_OPENID, record.tokenHash, record.user, record.expiresAt);
  }

  deleteOpenIdTokensBefore(expiresAt: number): void {
    this.#sink.run(DELETE_OPENID, expiresAt);
  }
}
