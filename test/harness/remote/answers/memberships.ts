/** The handshakes of joining, knocking and leaving. */
import type { Pdu, StateMap } from '../../../../src/matrix/events.ts';
import { serverOf } from '../../../../src/matrix/ids.ts';
import { getString, type JsonObject, type JsonValue } from '../../../../src/matrix/json.ts';
import { findAuthoriser, listAllowedRooms, needsAuthoriser } from '../../../../src/rules/membership/restricted-join.ts';
import { signEvent } from '../../../../src/rules/signatures/sign.ts';
import type { RemoteServer } from '../../remote-server.ts';
import type { EventFields } from '../event.ts';
import { receivePdu } from '../receive.ts';
import type { RemoteRoom } from '../room.ts';
import { bodyOf, ok, originOf, param, type ReceivedRequest, Refusal, type Reply } from '../requests.ts';
import { jsonOf } from './events.ts';
import { type Handler, roomOf } from './handler.ts';

type Membership = 'join' | 'knock' | 'leave';

function requireVersion(room: RemoteRoom, request: ReceivedRequest): void {
  const versions = request.query.getAll('ver');
  // "The room versions the sending server has support for. Defaults to `[1]`."
  if ((versions.length === 0 ? ['1'] : versions).includes(room.rules.version)) return;
  const message = 'Your homeserver does not support the features required to join this room';
  throw new Refusal(400, 'M_INCOMPATIBLE_ROOM_VERSION', message, { room_version: room.rules.version });
}

/** The local user who vouches for a join, where one must. */
function authoriserOf(server: RemoteServer, room: RemoteRoom, user: string): string | undefined {
  const state = room.lookup();
  if (!needsAuthoriser(state, user, room.rules)) return undefined;
  const allowed = listAllowedRooms(state)
    .map((id) => server.rooms.get(id))
    .filter((one) => one !== undefined);
  if (allowed.length === 0) throw new Refusal(400, 'M_UNABLE_TO_AUTHORISE_JOIN', 'No condition can be judged here');
  if (!allowed.some((one) => one.membership(user) === 'join')) {
    throw new Refusal(403, 'M_FORBIDDEN', 'The user is in none of the rooms that allow joining');
  }
  const locals = [...server.users.keys()];
  const authoriser = findAuthoriser(state, locals, room.rules);
  if (authoriser === undefined) throw new Refusal(400, 'M_UNABLE_TO_GRANT_JOIN', 'Nobody here may invite');
  return authoriser;
}

function make(server: RemoteServer, request: ReceivedRequest, membership: Membership): Reply {
  const room = roomOf(server, request);
  const user = param(request, 'userId');
  if (serverOf(user) !== originOf(request)) throw new Refusal(403, 'M_FORBIDDEN', 'The user is not of your server');
  if (membership !== 'leave') requireVersion(room, request);
  const authoriser = membership === 'join' ? authoriserOf(server, room, user) : undefined;
  const content: JsonObject = {
    membership,
    ...(authoriser !== undefined && { join_authorised_via_users_server: authoriser }),
  };
  const fields: EventFields = { type: 'm.room.member', sender: user, stateKey: user, content };
  const verdict = room.judge(room.build(fields), room.state());
  if (!verdict.accept) throw new Refusal(403, 'M_FORBIDDEN', verdict.why);
  return ok({ room_version: room.rules.version, event: room.template(fields) });
}

function requireMembership(request: ReceivedRequest, membership: Membership): JsonObject {
  const json = bodyOf(request);
  const sender = getString(json, 'sender') ?? '';
  const isExpected =
    json['type'] === 'm.room.member' &&
    json['state_key'] === sender &&
    serverOf(sender) === originOf(request) &&
    (json['content'] as JsonObject | undefined)?.['membership'] === membership;
  if (!isExpected) throw new Refusal(400, 'M_INVALID_PARAM', `This is no ${membership} of your user`);
  return json;
}

/** Takes a membership event of another server into the room and passes it on. */
async function accept(
  server: RemoteServer,
  request: ReceivedRequest,
  membership: Membership,
): Promise<{ room: RemoteRoom; event: Pdu; before: StateMap }> {
  const room = roomOf(server, request);
  const given = requireMembership(request, membership);
  // "The resident server which owns the provided user ID must have a valid signature on the event."
  const authoriser = getString(given['content'] as JsonObject, 'join_authorised_via_users_server');
  const isOurs = authoriser !== undefined && serverOf(authoriser) === server.name;
  const json = isOurs ? signEvent(given, room.rules, server.key) : given;
  const before = room.state();
  const node = await receivePdu(server, room, json, originOf(request));
  if ('action' in node) throw new Refusal(400, 'M_INVALID_PARAM', node.why);
  if (!node.verdict.accept) throw new Refusal(403, 'M_FORBIDDEN', node.verdict.why);
  server.relay(room, node.pdu, [originOf(request)]);
  return { room, event: node.pdu, before };
}

function withoutMembers(room: RemoteRoom, before: StateMap, event: Pdu): JsonObject {
  const state = room.stateEvents(before).filter((one) => one.type !== 'm.room.member' || isHero(room, one));
  const ids = new Set(state.map((one) => one.eventId));
  const chain = room.authChain([...ids, event.eventId]).filter((one) => !ids.has(one.eventId));
  const servers: JsonValue[] = room.servers(before);
  return { members_omitted: true, servers_in_room: servers, state: jsonOf(state), auth_chain: jsonOf(chain) };
}

/** "If the room to be joined has no `m.room.name` nor `m.room.canonical_alias` events": those who name it instead. */
function isHero(room: RemoteRoom, member: Pdu): boolean {
  const isNamed = room.current('m.room.name') !== undefined || room.current('m.room.canonical_alias') !== undefined;
  return !isNamed && ['join', 'invite'].includes(getString(member.content, 'membership') ?? '');
}

async function join(server: RemoteServer, request: ReceivedRequest): Promise<JsonObject> {
  const { room, event, before } = await accept(server, request, 'join');
  const common = { origin: server.name, event: event.json };
  const omits = server.leavesMembersOut && request.query.get('omit_members') === 'true';
  if (omits) return { ...common, ...withoutMembers(room, before, event) };
  const chain = room.authChain([...before.values(), event.eventId]);
  return { ...common, state: jsonOf(room.stateEvents(before)), auth_chain: jsonOf(chain) };
}

export const makeJoin: Handler = (server, request) => make(server, request, 'join');
export const makeKnock: Handler = (server, request) => make(server, request, 'knock');
export const makeLeave: Handler = (server, request) => make(server, request, 'leave');
export const sendJoinV1: Handler = async (server, request) => ok([200, await join(server, request)]);
export const sendJoinV2: Handler = async (server, request) => ok(await join(server, request));

export const sendKnock: Handler = async (server, request) => {
  const { room } = await accept(server, request, 'knock');
  return ok({ knock_room_state: room.inviteState() });
};

export const sendLeaveV1: Handler = async (server, request) => {
  await accept(server, request, 'leave');
  return ok([200, {}]);
};

export const sendLeaveV2: Handler = async (server, request) => {
  await accept(server, request, 'leave');
  return ok({});
};
