import type { DeviceId, EventId, ServerName, UserId } from '../../matrix/ids.ts';
import type { EventNumber, RoomNumber, StreamPosition } from './types.ts';

/** Another server as a place to send to: one cursor, never a row per event. */
export interface DestinationRecord {
  readonly server: ServerName;
  /** Everything of the stream up to here is delivered, or is not for this server. */
  readonly ackedPosition: StreamPosition | 0;
  /** Milliseconds since the epoch before which it is left alone; `undefined` while it has all that is for it. */
  readonly retryAt: number | undefined;
  /** The last pause in milliseconds; 0 while it answers. */
  readonly retryIntervalMs: number;
  /** `undefined` before the first; what is put as `undefined` leaves it as it is. */
  readonly lastSuccessAt: number | undefined;
  /** The transaction that was not answered: it is repeated before there is another. */
  readonly attempt: OutboundAttempt | undefined;
}

/** What a transaction held, so that it can be made again: it began behind the destination's cursor. */
export interface OutboundAttempt {
  readonly transactionId: string;
  readonly endPosition: StreamPosition | 0;
  /** The number of its last EDU; 0 for none. */
  readonly lastEdu: number;
}

/** A server's stay in a room: what we send to it begins after `joinedPosition` and ends with `leftPosition`. */
export interface RoomServerRow {
  readonly room: RoomNumber;
  readonly server: ServerName;
  readonly joinedPosition: StreamPosition;
  readonly leftPosition: StreamPosition | undefined;
}

/**
 * An event that this server tells the others: one row an event, whatever the number of destinations. Each has a
 * position of its own.
 */
export interface OutboundEventRow {
  readonly position: StreamPosition;
  readonly room: RoomNumber;
  readonly event: EventNumber;
  /** A server beside those in the room: the one of an invited, kicked or banned user. */
  readonly also: ServerName | undefined;
}

/** Our newest outbound event of a room. */
export interface OutboundRoomRow {
  readonly position: StreamPosition;
  readonly room: RoomNumber;
  readonly event: EventNumber;
}

/** A message to one server that must not be lost: to-device messages and device list updates, in order. */
export interface OutboundEduRow {
  readonly number: number;
  readonly server: ServerName;
  /** The EDU: `{"edu_type":…,"content":…}`. */
  readonly json: string;
}

/** An item that a destination cannot take, set aside so that the rest goes on. */
export interface UndeliverableRow {
  readonly server: ServerName;
  readonly at: number;
  readonly why: string;
  /** The PDU or EDU. */
  readonly json: string;
}

export interface ServerKeyRecord {
  readonly server: ServerName;
  readonly keyId: string;
  readonly publicKey: Uint8Array;
  /** Signatures are good for events up to this time (milliseconds since the epoch). */
  readonly validUntil: number;
  /** Whether the server itself has retired the key: it never signs requests again. */
  readonly isOld: boolean;
  /** The signed answer of the server that published it, as it came: what a notary passes on. */
  readonly json: string;
  readonly fetchedAt: number;
}

export interface InboundTransactionRow {
  readonly origin: ServerName;
  readonly transactionId: string;
  readonly response: string;
  readonly receivedAt: number;
}

/** What we know of the devices of a user of another server. */
export interface RemoteDeviceListRecord {
  readonly user: UserId;
  /** The newest `stream_id` seen; `undefined` where the list was fetched without one. */
  readonly streamId: number | undefined;
  /** Whether an update was missed: the list is fetched again before it is used. */
  readonly stale: boolean;
}

export interface RemoteDeviceRow {
  readonly user: UserId;
  readonly device: DeviceId;
  /** The signed device keys object as JSON text; `undefined` for a device without keys. */
  readonly json: string | undefined;
  readonly displayName: string | undefined;
}

/** A room that was joined without its whole state; the rest is being fetched. */
export interface PartialRoomRecord {
  readonly room: RoomNumber;
  /** The event by which we joined. */
  readonly joinEvent: EventId;
  /** Servers in the room, as the answer to the join named them. */
  readonly servers: readonly ServerName[];
  /** Passes over the servers that have brought nothing new, in a row. */
  readonly attempts: number;
  readonly retryAt: number;
  /** When we joined, in milliseconds of the wall clock. */
  readonly since: number;
  /** How long the last pause was. */
  readonly intervalMs: number;
  /** Which of the servers is asked next: every one of them has its turn, also across restarts. */
  readonly nextServer: number;
}

export interface RemoteMediaRecord {
  readonly server: ServerName;
  readonly mediaId: string;
  readonly blob: string;
  readonly sizeBytes: number;
  readonly contentType: string | undefined;
  readonly fileName: string | undefined;
  readonly fetchedAt: number;
  readonly usedAt: number;
  readonly quarantined: boolean;
}

export interface OpenIdTokenRecord {
  readonly tokenHash: Uint8Array;
  readonly user: UserId;
  readonly expiresAt: number;
}

export interface FederationReads {
  findDestination(server: ServerName): Promise<DestinationRecord | undefined>;
  listDestinations(): Promise<DestinationRecord[]>;
  /** Servers with a member who is joined now. */
  listServersInRoom(room: RoomNumber): Promise<ServerName[]>;
  /** Servers that get what is sent at `position`: those that joined before, and did not leave before. */
  listServersInRoomAt(room: RoomNumber, position: StreamPosition): Promise<ServerName[]>;
  /** Stays of a server, past ones included where they ended after `since`. */
  listRoomsOfServer(server: ServerName, since: StreamPosition | 0): Promise<RoomServerRow[]>;
  /** Rows after `from` up to `to` in order, at most `limit`. */
  listOutboundEvents(from: StreamPosition | 0, to: StreamPosition | 0, limit: number): Promise<OutboundEventRow[]>;
  /** Outbound events after `after` that name the server beside those in the room, in order. */
  listOutboundEventsNaming(server: ServerName, after: StreamPosition | 0, limit: number): Promise<OutboundEventRow[]>;
  /** Rooms the server is in now whose newest outbound event stands after `after`, in the order of those events. */
  listOutboundRooms(server: ServerName, after: StreamPosition | 0, limit: number): Promise<OutboundRoomRow[]>;
  /** The oldest EDUs that wait for a server. */
  listOutboundEdus(server: ServerName, limit: number): Promise<OutboundEduRow[]>;
  /** Servers for which EDUs wait. */
  listServersWithEdus(): Promise<ServerName[]>;
  /** The newest first. */
  listUndeliverable(limit: number): Promise<UndeliverableRow[]>;

  getServerKeys(servers: readonly ServerName[]): Promise<ServerKeyRecord[]>;
  /** The answer to a transaction that was handled before. */
  findInboundTransaction(origin: ServerName, transactionId: string): Promise<InboundTransactionRow | undefined>;

  /** Events that others cite and that are not here, with the lowest depth at which they are cited. */
  listBackwardExtremities(room: RoomNumber): Promise<{ eventId: EventId; depth: number }[]>;
  listPartialRooms(): Promise<PartialRoomRecord[]>;

  getRemoteDeviceLists(users: readonly UserId[]): Promise<RemoteDeviceListRecord[]>;
  getRemoteDevices(users: readonly UserId[]): Promise<RemoteDeviceRow[]>;
  /** Users whose list is to be fetched again. */
  listStaleDeviceLists(): Promise<UserId[]>;
  /** Users of a server whose devices or identity changed after `from` up to `to`. */
  listLocalDeviceListChanges(server: ServerName, from: number, to: StreamPosition): Promise<UserId[]>;
  /** Other servers in the rooms that a local user is joined to, one room left out where it is named. */
  listServersSharingRooms(user: UserId, except?: RoomNumber): Promise<ServerName[]>;
  /** Rooms to which both a user of another server and somebody here are joined. */
  listRoomsWithRemoteUser(user: UserId): Promise<RoomNumber[]>;
  /** Whether a to-device message was received before. */
  hasReceivedMessage(origin: ServerName, messageId: string): Promise<boolean>;
  /** The position of the user's newest device list change, or of the one before a position: the `stream_id`s told. */
  findDeviceListPosition(user: UserId, before?: StreamPosition): Promise<StreamPosition | undefined>;

  findRemoteMedia(server: ServerName, mediaId: string): Promise<RemoteMediaRecord | undefined>;
  /** Remote media that nobody has asked for since `usedBefore`, the longest unused first; never quarantined media. */
  listRemoteMediaUnused(usedBefore: number, limit: number): Promise<RemoteMediaRecord[]>;
  findOpenIdToken(tokenHash: Uint8Array): Promise<OpenIdTokenRecord | undefined>;
}

export interface FederationWrites {
  putDestination(record: DestinationRecord): void;
  deleteDestination(server: ServerName): void;
  /** The server has its first joined member in the room, at this transaction's position. It may be there already. */
  addRoomServer(room: RoomNumber, server: ServerName): void;
  /** Its last joined member is gone. */
  removeRoomServer(room: RoomNumber, server: ServerName): void;
  /** Marks an event as outbound at this transaction's position, which no other outbound event shares. */
  putOutboundEvent(room: RoomNumber, event: EventNumber, also?: ServerName): void;
  /** Deletes the rows that every destination has got. What `listOutboundRooms` tells stays. */
  deleteOutboundEventsUpTo(position: StreamPosition): void;
  putOutboundEdu(server: ServerName, json: string): void;
  deleteOutboundEdus(server: ServerName, numbers: readonly number[]): void;
  /** Keeps the newest 1,000. */
  putUndeliverable(row: UndeliverableRow): void;

  putServerKey(record: ServerKeyRecord): void;
  putInboundTransaction(row: InboundTransactionRow): void;
  deleteInboundTransactionsBefore(receivedAt: number): void;

  /** Remembers that `eventId` is cited and not here; keeps the lower depth where it is known already. */
  addBackwardExtremity(room: RoomNumber, eventId: EventId, depth: number): void;
  removeBackwardExtremities(room: RoomNumber, eventIds: readonly EventId[]): void;
  putPartialRoom(record: PartialRoomRecord): void;
  deletePartialRoom(room: RoomNumber): void;

  putRemoteDeviceList(record: RemoteDeviceListRecord): void;
  /** Replaces every device of the user. */
  replaceRemoteDevices(user: UserId, devices: readonly RemoteDeviceRow[]): void;
  putRemoteDevice(row: RemoteDeviceRow): void;
  deleteRemoteDevice(user: UserId, device: DeviceId): void;
  /** Forgets what is known of the user's devices and cross-signing keys. */
  deleteRemoteDeviceList(user: UserId): void;
  recordReceivedMessage(origin: ServerName, messageId: string, receivedAt: number): void;
  deleteReceivedMessagesBefore(receivedAt: number): void;

  putRemoteMedia(record: RemoteMediaRecord): void;
  setRemoteMediaUsed(server: ServerName, mediaId: string, usedAt: number): void;
  setRemoteMediaQuarantined(server: ServerName, mediaId: string, quarantined: boolean): void;
  /** Its thumbnails go too: those whose `mediaId` is `server/mediaId`. */
  deleteRemoteMedia(server: ServerName, mediaId: string): void;
  putOpenIdToken(record: OpenIdTokenRecord): void;
  deleteOpenIdTokensBefore(expiresAt: number): void;
}
