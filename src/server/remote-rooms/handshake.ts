/**
 * The two steps by which a user here joins, leaves or knocks on a room of others: a template (`make_…`), of which
 * only what nobody else could know is taken, and the event that we build and sign (`send_…`).
 */
import { MatrixError } from '../../matrix/errors.ts';
import type { EventId, RoomId, ServerName, UserId } from '../../matrix/ids.ts';
import { getObject, getString, type JsonObject } from '../../matrix/json.ts';
import { findRoomVersion, ROOM_VERSIONS, type RoomVersionRules } from '../../matrix/room-versions.ts';
import { readTemplate } from '../../rules/membership/template.ts';
import type { Peers } from '../peers/index.ts';
import { buildEvent, signBuilt, type Timeline } from '../timeline/index.ts';

export type Handshake = 'join' | 'leave' | 'knock';

export interface HandshakeRequest {
  readonly membership: Handshake;
  readonly roomId: RoomId;
  readonly user: UserId;
  /** Of the member event, `membership` included. */
  readonly content: JsonObject;
}

/** Our member event, signed, as the other server gets it. */
export interface MadeEvent {
  readonly rules: RoomVersionRules;
  readonly eventId: EventId;
  readonly json: string;
}

export interface HandshakeTools {
  readonly peers: Peers;
  readonly timeline: Timeline;
}

/** Asks one server for a template, and builds and signs the event that it stands for. */
export async function makeMemberEvent(
  server: ServerName,
  request: HandshakeRequest,
  { peers, timeline }: HandshakeTools,
): Promise<MadeEvent> {
  const { membership, roomId, user } = request;
  const versions = [...ROOM_VERSIONS.keys()].map((version) => `ver=${encodeURIComponent(version)}`).join('&');
  const query = membership === 'leave' ? '' : `?${versions}`;
  const path = `/_matrix/federation/v1/make_${membership}/${encodeURIComponent(roomId)}/${encodeURIComponent(user)}`;
  const answer = await peers.request(server, { method: 'GET', path: path + query });
  // "The version of the room where the server is trying to join. If not provided, the room version is assumed to be
  // either "1" or "2"."
  const rules = findRoomVersion(getString(answer, 'room_version') ?? '1');
  if (rules === undefined) throw new MatrixError('M_UNSUPPORTED_ROOM_VERSION', 'This server does not support the room');
  const template = getObject(answer, 'event');
  const parts =
    template === undefined ? undefined : readTemplate(template, { roomId, userId: user, membership, rules });
  if (parts === undefined)
    throw new MatrixError('M_UNKNOWN', 'The other server answered with another event', { status: 502 });
  const { authorisedVia, hashes } = parts;
  const cite = (eventId: (typeof parts.authEvents)[number]) => {
    const sha256 = hashes.get(eventId);
    return { eventId, isElsewhere: true, ...(sha256 !== undefined && { sha256 }) };
  };
  const tools = timeline.planTools();
  const built = buildEvent(
    {
      rules,
      roomId,
      sender: user,
      type: 'm.room.member',
      stateKey: user,
      content: {
        ...request.content,
        ...(authorisedVia !== undefined && { join_authorised_via_users_server: authorisedVia }),
      },
      redacts: undefined,
      originServerTs: tools.now,
      depth: parts.depth,
      authEvents: parts.authEvents.map(cite),
      prevEvents: parts.prevEvents.map(cite),
    },
    tools,
  );
  return { rules, eventId: built.pdu.eventId, json: signBuilt(built, (text) => timeline.signText(text)) };
}
