/** Events and states of a room for servers that are in it. */
import type { Pdu, StateMap } from '../../../../src/matrix/events.ts';
import { getInteger, getStrings, type JsonObject } from '../../../../src/matrix/json.ts';
import type { RemoteServer } from '../../remote-server.ts';
import type { RemoteRoom } from '../room.ts';
import { bodyOf, ok, originOf, param, type ReceivedRequest, Refusal } from '../requests.ts';
import { type Handler, sharedRoomOf } from './handler.ts';

const BACKFILL_MAX = 100;

export function jsonOf(events: readonly Pdu[]): JsonObject[] {
  return events.map((event) => event.json);
}

function envelope(server: RemoteServer, events: readonly Pdu[]): JsonObject {
  return { origin: server.name, origin_server_ts: server.now(), pdus: jsonOf(events) };
}

function stateOfQuery(room: RemoteRoom, request: ReceivedRequest): StateMap {
  const state = room.nodes.get((request.query.get('event_id') ?? '') as never)?.stateBefore;
  if (state === undefined) throw new Refusal(404, 'M_NOT_FOUND', 'Unknown event');
  return state;
}

export const getEvent: Handler = (server, request) => {
  const id = param(request, 'eventId');
  for (const room of server.rooms.values()) {
    const event = room.find(id);
    if (event === undefined) continue;
    if (!room.servers().includes(originOf(request))) throw new Refusal(403, 'M_FORBIDDEN', 'Host not in room.');
    return ok(envelope(server, [event]));
  }
  throw new Refusal(404, 'M_NOT_FOUND', 'Unknown event');
};

export const getRoomState: Handler = (server, request) => {
  const room = sharedRoomOf(server, request);
  const state = stateOfQuery(room, request);
  return ok({ auth_chain: jsonOf(room.authChain(state.values())), pdus: jsonOf(room.stateEvents(state)) });
};

export const getRoomStateIds: Handler = (server, request) => {
  const room = sharedRoomOf(server, request);
  const state = stateOfQuery(room, request);
  const chain = room.authChain(state.values()).map((event) => event.eventId);
  return ok({ auth_chain_ids: chain, pdu_ids: [...state.values()] });
};

export const getEventAuth: Handler = (server, request) => {
  const room = sharedRoomOf(server, request);
  const event = room.find(param(request, 'eventId'));
  if (event === undefined) throw new Refusal(404, 'M_NOT_FOUND', 'Unknown event');
  return ok({ auth_chain: jsonOf(room.authChain([event.eventId])) });
};

export const backfillRoom: Handler = (server, request) => {
  const room = sharedRoomOf(server, request);
  // "The PDUs given in v and the PDUs that preceded them are retrieved, up to the total number given by the limit."
  const limit = Math.min(Number(request.query.get('limit') ?? 10), BACKFILL_MAX);
  return ok(envelope(server, room.walkBack(request.query.getAll('v'), new Set(), limit)));
};

export const getMissingPreviousEvents: Handler = (server, request) => {
  const room = sharedRoomOf(server, request);
  const body = bodyOf(request);
  const latest = getStrings(body, 'latest_events') ?? [];
  const minDepth = getInteger(body, 'min_depth') ?? 0;
  const limit = getInteger(body, 'limit') ?? 10;
  const stop = new Set(getStrings(body, 'earliest_events') ?? []);
  const found = room
    .walkBack(latest, stop, limit + latest.length)
    .filter((event) => !latest.includes(event.eventId) && event.depth >= minDepth)
    .slice(0, limit);
  return ok({ events: jsonOf(found.toReversed()) });
};

export const getEventByTimestamp: Handler = (server, request) => {
  const room = sharedRoomOf(server, request);
  const ts = Number(request.query.get('ts'));
  const isForwards = request.query.get('dir') === 'f';
  const distance = (event: Pdu) => (isForwards ? event.originServerTs - ts : ts - event.originServerTs);
  const candidates = [...room.nodes.values()].map((node) => node.pdu).filter((event) => distance(event) >= 0);
  const [nearest] = candidates.toSorted((a, b) => distance(a) - distance(b));
  if (nearest === undefined) throw new Refusal(404, 'M_NOT_FOUND', 'No event from that time');
  return ok({ event_id: nearest.eventId, origin_server_ts: nearest.originServerTs });
};
