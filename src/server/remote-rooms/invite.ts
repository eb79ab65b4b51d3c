/** Sending an invite to the server of whom it is for, by the operation that it knows. */
import type { EventId, ServerName } from '../../matrix/ids.ts';
import { asArray, asObject, getObject, type JsonObject } from '../../matrix/json.ts';
import { JsonParseError, parsePduJson, parseTrusted } from '../../matrix/json-parse.ts';
import { canonicalJson } from '../../matrix/canonical-json.ts';
import { present } from '../../lib/assert.ts';
import { errorForClient, type Peers, RemoteError } from '../peers/index.ts';
import type { Room } from '../rooms/index.ts';
import { pathTo } from './paths.ts';

export interface InviteRequest {
  readonly server: ServerName;
  readonly room: Room;
  readonly eventId: EventId;
  /** The signed event. */
  readonly text: string;
  /** `invite_room_state`, a JSON array. */
  readonly state: string;
}

/** Room versions of servers that may know the first form of the operation only. */
const OLD_VERSIONS: ReadonlySet<string> = new Set(['1', '2']);

/** The event as the other server gives it back. Throws what the client may be told of a refusal. */
export async function sendInvite(request: InviteRequest, peers: Peers): Promise<JsonObject | undefined> {
  try {
    return await sendV2(request, peers);
  } catch (error) {
    // "Senders which receive a 400 or 404 response to this endpoint should retry using the v1 API as the server may be
    // older, if the room version is "1" or "2"."
    const isOld = error instanceof RemoteError && (error.status === 400 || error.status === 404);
    if (!isOld || !OLD_VERSIONS.has(request.room.version)) throw refusalOf(error);
  }
  try {
    return await sendV1(request, peers);
  } catch (error) {
    throw refusalOf(error);
  }
}

function refusalOf(error: unknown): unknown {
  return errorForClient(error, ['M_FORBIDDEN', 'M_NOT_FOUND', 'M_UNSUPPORTED_ROOM_VERSION']);
}

async function sendV2({ server, room, eventId, text, state }: InviteRequest, peers: Peers) {
  const body = `{"event":${text},"invite_room_state":${state},"room_version":${JSON.stringify(room.version)}}`;
  const path = pathTo('v2/invite', room.roomId, eventId);
  return getObject(await peers.request(server, { method: 'PUT', path, body }), 'event');
}

async function sendV1({ server, room, eventId, text, state }: InviteRequest, peers: Peers) {
  const event = present(asObject(parseTrusted(text)), 'an event is an object');
  const unsigned = { invite_room_state: parseTrusted(state) };
  const body = canonicalJson({ ...event, unsigned }, { rawNumbers: true });
  const path = pathTo('v1/invite', room.roomId, eventId);
  const answer = await peers.requestBytes(server, { method: 'PUT', path, body });
  try {
    // "[200, { event }]"
    return getObject(asObject(asArray(parsePduJson(answer).value)?.[1]), 'event');
  } catch (error) {
    if (!(error instanceof JsonParseError)) throw error;
    return undefined;
  }
}
