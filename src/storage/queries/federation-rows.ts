import type { ServerName } from '../../matrix/ids.ts';
import type {
  DestinationRecord,
  OutboundAttempt,
  OutboundEventRow,
  PartialRoomRecord,
  RemoteDeviceListRecord,
  RemoteDeviceRow,
  RemoteMediaRecord,
  RoomServerRow,
  ServerKeyRecord,
  StreamPosition,
} from '../../ports/store/index.ts';
import { bytesOf, findInteger, findText, flagOf, integerOf, type Row, textOf } from '../database.ts';
import { eventIdOf } from '../event-id-code.ts';
import { deviceIn, eventIn, positionIn, roomIn, serverIn, userIn } from './columns.ts';

/** `left_position` of a server that is in the room now. */
export const STILL_THERE = 0;

function attemptOf(row: Row): OutboundAttempt | undefined {
  const transactionId = findText(row, 'attempt_id');
  if (transactionId === undefined) return undefined;
  return { transactionId, endPosition: positionIn(row, 'attempt_end'), lastEdu: integerOf(row, 'attempt_edu') };
}

/** From a row of `destinations`. */
export function destinationOf(row: Row): DestinationRecord {
  return {
    server: serverIn(row),
    ackedPosition: integerOf(row, 'acked_position') as StreamPosition | 0,
    retryAt: findInteger(row, 'retry_at'),
    retryIntervalMs: integerOf(row, 'retry_interval_ms'),
    lastSuccessAt: findInteger(row, 'last_success_at'),
    attempt: attemptOf(row),
  };
}

/** From a row of `room_servers`. */
export function roomServerOf(row: Row): RoomServerRow {
  const left = integerOf(row, 'left_position');
  return {
    room: roomIn(row),
    server: serverIn(row),
    joinedPosition: positionIn(row, 'joined_position'),
    leftPosition: left === STILL_THERE ? undefined : (left as StreamPosition),
  };
}

/** Position, room and event of a row of `outbound_events` or `outbound_rooms`. */
export function outboundOf(row: Row): Omit<OutboundEventRow, 'also'> {
  return {
    position: positionIn(row),
    room: roomIn(row),
    event: eventIn(row),
  };
}

/** From a row of `outbound_events`. */
export function outboundEventOf(row: Row): OutboundEventRow {
  return { ...outboundOf(row), also: findText(row, 'also') as ServerName | undefined };
}

/** From a row of `server_keys`. */
export function serverKeyOf(row: Row): ServerKeyRecord {
  return {
    server: serverIn(row),
    keyId: textOf(row, 'key_id'),
    publicKey: bytesOf(row, 'public_key'),
    validUntil: integerOf(row, 'valid_until'),
    isOld: flagOf(row, 'is_old'),
    json: textOf(row, 'json'),
    fetchedAt: integerOf(row, 'fetched_at'),
  };
}

/** From a row of `partial_rooms`. */
export function partialRoomOf(row: Row): PartialRoomRecord {
  return {
    room: roomIn(row),
    joinEvent: eventIdOf(bytesOf(row, 'join_event')),
    servers: JSON.parse(textOf(row, 'servers')) as ServerName[],
    attempts: integerOf(row, 'attempts'),
    retryAt: integerOf(row, 'retry_at'),
    since: integerOf(row, 'since'),
    intervalMs: integerOf(row, 'interval_ms'),
    nextServer: integerOf(row, 'next_server'),
  };
}

/** From a row of `remote_device_lists`. */
export function remoteDeviceListOf(row: Row): RemoteDeviceListRecord {
  return {
    user: userIn(row),
    streamId: findInteger(row, 'stream_id'),
    stale: flagOf(row, 'stale'),
  };
}

/** From a row of `remote_devices`. */
export function remoteDeviceOf(row: Row): RemoteDeviceRow {
  return {
    user: userIn(row),
    device: deviceIn(row),
    json: findText(row, 'json'),
    displayName: findText(row, 'display_name'),
  };
}

/** From a row of `remote_media`. */
export function remoteMediaOf(row: Row): RemoteMediaRecord {
  return {
    server: serverIn(row),
    mediaId: textOf(row, 'media_id'),
    blob: textOf(row, 'blob'),
    sizeBytes: integerOf(row, 'size_bytes'),
    contentType: findText(row, 'content_type'),
    fileName: findText(row, 'file_name'),
    fetchedAt: integerOf(row, 'fetched_at'),
    usedAt: integerOf(row, 'used_at'),
    quarantined: flagOf(row, 'quarantined'),
  };
}
