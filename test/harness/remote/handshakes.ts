/** Joining, knocking, leaving and inviting, as the server of the user who does it. */
import { randomUUID } from 'node:crypto';
import { type Pdu, typePdu } from '../../../src/matrix/events.ts';
import { type EventId, type RoomId, serverOf } from '../../../src/matrix/ids.ts';
import { asObject, getString, type JsonObject, type JsonValue } from '../../../src/matrix/json.ts';
import { ROOM_VERSIONS, type RoomVersionRules } from '../../../src/matrix/room-versions.ts';
import type { Answer } from '../answer.ts';
import type { RemoteServer } from '../remote-server.ts';
import { type Changes, completeEvent, type EventFields } from './event.ts';
import { fetchState, receiveState, verifyPdu } from './receive.ts';
import { RemoteRoom, rulesOfVersion } from './room.ts';

export interface HandshakeOptions {
  /** The server that helps. */
  readonly destination: string;
  readonly roomId: string;
  readonly user: string;
  /** Room versions to claim, instead of all. */
  readonly versions?: readonly string[];
  /** Laid over the template before it is signed. */
  readonly json?: Changes;
  readonly content?: JsonObject;
  readonly afterSigning?: Changes;
}

export interface JoinOptions extends HandshakeOptions {
  readonly omitMembers?: boolean;
  /** Which `send_join` to use; 2 unless told otherwise. */
  readonly api?: 1 | 2;
  /** What happens between the template and the join. */
  readonly between?: () => Promise<unknown>;
}

type Membership = 'join' | 'knock' | 'leave';

/** Asks for a template; whatever comes. */
export function makeMembership(
  server: RemoteServer,
  membership: Membership,
  options: HandshakeOptions,
): Promise<Answer> {
  const { destination, roomId, user } = options;
  const query = new URLSearchParams((options.versions ?? [...ROOM_VERSIONS.keys()]).map((ver) => ['ver', ver]));
  const path = `make_${membership}/${encodeURIComponent(roomId)}/${encodeURIComponent(user)}`;
  const uri = `/_matrix/federation/v1/${path}${membership === 'leave' ? '' : `?${query}`}`;
  return server.client.request({ destination, method: 'GET', uri });
}

/** "The joining server is expected to add or replace the `origin`, `origin_server_ts`, and `event_id`." */
function complete(server: RemoteServer, rules: RoomVersionRules, template: JsonObject, options: HandshakeOptions): Pdu {
  const content = asObject(template['content']) ?? {};
  const json: JsonObject = {
    ...template,
    origin: server.name,
    origin_server_ts: server.nextTimestamp(),
    content: { ...content, ...options.content },
    ...(rules.eventIds === 'assigned' && { event_id: `$${randomUUID()}:${server.name}` }),
  };
  for (const [key, value] of Object.entries(options.json ?? {})) {
    if (value === undefined) delete json[key];
    else json[key] = value;
  }
  return completeEvent(json, rules, { signers: [server.key], afterSigning: options.afterSigning });
}

/** Asks for a template and makes the event from it. */
async function prepare(
  server: RemoteServer,
  membership: Membership,
  options: HandshakeOptions,
): Promise<{ event: Pdu; rules: RoomVersionRules }> {
  const made = (await makeMembership(server, membership, options)).expect(200);
  // "If not provided, the room version is assumed to be either '1' or '2'", which look the same.
  const rules = rulesOfVersion(made.get('room_version') === undefined ? '1' : made.text('room_version'));
  return { event: complete(server, rules, made.object('event') as JsonObject, options), rules };
}

function sendUri(api: 1 | 2, membership: Membership, event: Pdu): string {
  const parts = [event.roomId, event.eventId].map(encodeURIComponent);
  return `/_matrix/federation/v${api}/send_${membership}/${parts.join('/')}`;
}

/** Joins a room of another server, which is then a room of this one too. */
export async function joinRemote(server: RemoteServer, options: JoinOptions): Promise<RemoteRoom> {
  const { destination, omitMembers = false, api = 2 } = options;
  const { event, rules } = await prepare(server, 'join', options);
  await options.between?.();
  const uri = `${sendUri(api, 'join', event)}${omitMembers ? '?omit_members=true' : ''}`;
  const sent = await server.client.put(destination, uri, event.json);
  const body = api === 1 ? sent.object(1) : (sent.body as Record<string, unknown>);
  const room = server.rooms.get(event.roomId) ?? new RemoteRoom(server, rules, event.roomId as RoomId);
  let stateBefore = await receiveState(server, room, { state: body['state'], authChain: body['auth_chain'] });
  if (body['members_omitted'] === true) stateBefore = await fetchState(server, room, destination, event.eventId);
  // The resident server may have signed it: restricted joins need that.
  const returned = (body['event'] ?? event.json) as JsonObject;
  const verified = await verifyPdu(server, returned, rules);
  if (!verified.accept) throw new Error(`the join that came back: ${verified.why}`);
  const { verdict } = room.add(verified.event, { stateBefore });
  if (!verdict.accept) throw new Error(`the join does not stand: ${verdict.why}`);
  server.rooms.set(room.roomId, room);
  return room;
}

/** Knocks on a room of another server; its `knock_room_state`. */
export async function knockRemote(server: RemoteServer, options: HandshakeOptions): Promise<Answer> {
  const { event } = await prepare(server, 'knock', options);
  return server.client.put(options.destination, sendUri(1, 'knock', event), event.json);
}

/** Leaves a room by the handshake: rejects an invite or takes a knock back. The room's version must be known. */
export async function leaveRemote(
  server: RemoteServer,
  options: HandshakeOptions & { readonly version: string; readonly api?: 1 | 2 },
): Promise<Answer> {
  const made = (await makeMembership(server, 'leave', options)).expect(200);
  const rules = rulesOfVersion(options.version);
  const event = complete(server, rules, made.object('event') as JsonObject, options);
  return server.client.put(options.destination, sendUri(options.api ?? 2, 'leave', event), event.json);
}

export interface InviteOptions {
  readonly room: RemoteRoom;
  readonly sender: string;
  readonly user: string;
  readonly fields?: Partial<EventFields>;
  readonly inviteState?: readonly JsonValue[];
  readonly api?: 1 | 2;
}

/** Sends an invite to the user's server; whatever it answers, with the event that was sent. */
export async function sendInvite(
  server: RemoteServer,
  options: InviteOptions,
): Promise<{ event: Pdu; answer: Answer }> {
  const { room, sender, user, api = 2 } = options;
  const content = { membership: 'invite' };
  const event = room.build({ type: 'm.room.member', sender, stateKey: user, content, ...options.fields });
  const inviteState: JsonValue[] = [...(options.inviteState ?? room.inviteState())];
  const unsigned = { invite_room_state: inviteState };
  const body =
    api === 1
      ? { ...event.json, unsigned }
      : { room_version: room.rules.version, event: event.json, invite_room_state: inviteState };
  const uri = `/_matrix/federation/v${api}/invite/${[room.roomId, event.eventId].map(encodeURIComponent).join('/')}`;
  const destination = serverOf(user) ?? '';
  return { event, answer: await server.client.request({ destination, method: 'PUT', uri, body }) };
}

/** Invites a user of another server, who must take it; the event with both signatures, which is then in the room. */
export async function inviteRemote(server: RemoteServer, options: InviteOptions): Promise<Pdu> {
  const { room } = options;
  const { event, answer } = await sendInvite(server, options);
  answer.expect(200);
  const signed = (options.api === 1 ? answer.object(1, 'event') : answer.object('event')) as JsonObject;
  const verified = await verifyPdu(server, signed, room.rules);
  if (!verified.accept) throw new Error(`the invite that came back: ${verified.why}`);
  if (getString(signed, 'sender') !== event.sender || verified.event.eventId !== (event.eventId as EventId)) {
    throw new Error('the invite that came back is another event');
  }
  const { verdict } = room.add(typePdu(signed, event.eventId, room.rules));
  if (!verdict.accept) throw new Error(`the invite does not stand: ${verdict.why}`);
  return verified.event;
}
