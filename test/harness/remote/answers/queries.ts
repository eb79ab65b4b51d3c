/** Profiles, aliases, published rooms, spaces, OpenID. */
import type { Pdu } from '../../../../src/matrix/events.ts';
import { getString, getStrings, type JsonObject } from '../../../../src/matrix/json.ts';
import { joinRuleOf } from '../../../../src/rules/auth/index.ts';
import { listAllowedRooms } from '../../../../src/rules/membership/restricted-join.ts';
import type { RemoteServer } from '../../remote-server.ts';
import type { RemoteRoom } from '../room.ts';
import { ok, originOf, type ReceivedRequest, Refusal } from '../requests.ts';
import { type Handler, roomOf } from './handler.ts';

export const queryProfile: Handler = (server, request) => {
  const profile = server.users.get(request.query.get('user_id') ?? '')?.profile;
  if (profile === undefined) throw new Refusal(404, 'M_NOT_FOUND', 'Unknown user');
  const field = request.query.get('field');
  if (field === null) return ok(profile);
  return ok(Object.hasOwn(profile, field) ? { [field]: profile[field] ?? null } : {});
};

export const queryRoomDirectory: Handler = (server, request) => {
  const roomId = server.aliases.get(request.query.get('room_alias') ?? '');
  if (roomId === undefined) throw new Refusal(404, 'M_NOT_FOUND', 'Unknown alias');
  return ok({ room_id: roomId, servers: server.rooms.get(roomId)?.servers() ?? [server.name] });
};

function textOf(room: RemoteRoom, type: string, key: string): string | undefined {
  return getString(room.current(type)?.content, key);
}

/** What publicRooms and hierarchies tell of a room. */
function summaryOf(room: RemoteRoom): JsonObject {
  const optional: Record<string, string | undefined> = {
    name: textOf(room, 'm.room.name', 'name'),
    topic: textOf(room, 'm.room.topic', 'topic'),
    canonical_alias: textOf(room, 'm.room.canonical_alias', 'alias'),
    avatar_url: textOf(room, 'm.room.avatar', 'url'),
    room_type: textOf(room, 'm.room.create', 'type'),
    encryption: textOf(room, 'm.room.encryption', 'algorithm'),
  };
  const allowed = listAllowedRooms(room.lookup());
  const joined = room.stateEvents().filter((event) => getString(event.content, 'membership') === 'join');
  const summary: JsonObject = {
    room_id: room.roomId,
    room_version: room.rules.version,
    num_joined_members: joined.filter((event) => event.type === 'm.room.member').length,
    world_readable: textOf(room, 'm.room.history_visibility', 'history_visibility') === 'world_readable',
    guest_can_join: textOf(room, 'm.room.guest_access', 'guest_access') === 'can_join',
    join_rule: joinRuleOf(room.lookup()),
    ...(allowed.length > 0 && { allowed_room_ids: allowed }),
  };
  for (const [key, value] of Object.entries(optional)) if (value !== undefined) summary[key] = value;
  return summary;
}

/** Sizes of the published rooms decide their order: "The list is ordered by the number of joined members". */
function published(server: RemoteServer): JsonObject {
  const rooms = [...server.rooms.values()].filter((room) => room.published).map(summaryOf);
  const size = (summary: JsonObject) => Number(summary['num_joined_members']);
  const chunk = rooms.toSorted((a, b) => size(b) - size(a));
  return { chunk, total_room_count_estimate: chunk.length };
}

export const getPublicRooms: Handler = (server) => ok(published(server));
export const queryPublicRooms: Handler = (server) => ok(published(server));

/** Whether users of a server may enter or see a room. */
function mayEnter(room: RemoteRoom, origin: string): boolean {
  const rule = joinRuleOf(room.lookup());
  const isOpen = ['public', 'knock', 'knock_restricted'].includes(rule) || summaryOf(room)['world_readable'] === true;
  if (isOpen || room.servers().includes(origin)) return true;
  return room.stateEvents().some((event) => {
    const isInvited = event.type === 'm.room.member' && event.content['membership'] === 'invite';
    return isInvited && event.stateKey?.endsWith(`:${origin}`) === true;
  });
}

function childrenOf(room: RemoteRoom, request: ReceivedRequest): Pdu[] {
  const isSuggested = (event: Pdu) => event.content['suggested'] === true;
  return room
    .stateEvents()
    .filter((event) => event.type === 'm.space.child' && getStrings(event.content, 'via') !== undefined)
    .filter((event) => request.query.get('suggested_only') !== 'true' || isSuggested(event));
}

function strip(event: Pdu): JsonObject {
  const { type, sender, content, stateKey = '', originServerTs } = event;
  return { type, sender, content, state_key: stateKey, origin_server_ts: originServerTs };
}

export const getSpaceHierarchy: Handler = (server, request) => {
  const room = roomOf(server, request);
  const origin = originOf(request);
  if (!mayEnter(room, origin)) throw new Refusal(404, 'M_NOT_FOUND', 'Unknown room');
  const events = childrenOf(room, request);
  const children: JsonObject[] = [];
  const inaccessible: string[] = [];
  for (const { stateKey = '' } of events) {
    const child = server.rooms.get(stateKey);
    if (child === undefined) continue;
    const isRestricted = listAllowedRooms(child.lookup()).some((id) =>
      server.rooms.get(id)?.servers().includes(origin),
    );
    if (isRestricted || mayEnter(child, origin)) children.push(summaryOf(child));
    else inaccessible.push(stateKey);
  }
  const summary = { ...summaryOf(room), children_state: events.map(strip) };
  return ok({ room: summary, children, inaccessible_children: inaccessible });
};

export const exchangeOpenIdToken: Handler = (server, request) => {
  const user = server.openIdTokens.get(request.query.get('access_token') ?? '');
  if (user === undefined) throw new Refusal(401, 'M_UNKNOWN_TOKEN', 'Unknown token');
  return ok({ sub: user });
};
