/** The form of a handler file of the client-server API. */
import type { Endpoint } from '../../matrix/api/declare.ts';
import { MatrixError } from '../../matrix/errors.ts';
import {
  type EventId,
  parseEventId,
  parseRoomId,
  parseServerName,
  parseUserId,
  type RoomId,
  type ServerName,
  type UserId,
} from '../../matrix/ids.ts';
import type { Caller } from '../../server/accounts/index.ts';
import { type Handler, type Route, route, type RouteOptions } from '../kit/route.ts';

export type ClientRoute = Route<Caller>;

/** Binds a handler to an endpoint whose caller is the user behind the access token. */
export function clientRoute<E extends Endpoint>(
  endpoint: E,
  handler: Handler<E, Caller>,
  options: RouteOptions = {},
): ClientRoute {
  return route(endpoint, handler, options);
}

/** Throws `M_FORBIDDEN` unless the `{userId}` of the path is the caller's own. */
export function requireSelf(caller: Caller, path: Readonly<Record<string, string>>): UserId {
  if (path['userId'] !== caller.user) throw new MatrixError('M_FORBIDDEN', 'This belongs to another user');
  return caller.user;
}

/** The user id of a path or body. Throws `M_INVALID_PARAM`. */
export function requireUserId(text: string | undefined): UserId {
  const user = text === undefined ? undefined : parseUserId(text);
  if (user === undefined) throw new MatrixError('M_INVALID_PARAM', 'That is no user id');
  return user;
}

/** Throws unless the caller is an administrator of this server. */
export function requireAdmin(caller: Caller): void {
  if (!caller.admin) throw new MatrixError('M_FORBIDDEN', 'Only for administrators of this server');
}

/** The room id of a path or body. Throws `M_INVALID_PARAM`. */
export function requireRoomId(text: string | undefined): RoomId {
  const room = text === undefined ? undefined : parseRoomId(text);
  if (room === undefined) throw new MatrixError('M_INVALID_PARAM', 'That is no room id');
  return room;
}

/** The event id of a path or body. What is no event id names no event: `M_NOT_FOUND`. */
export function requireEventId(text: string | undefined): EventId {
  const event = text === undefined ? undefined : parseEventId(text);
  if (event === undefined) throw new MatrixError('M_NOT_FOUND', 'There is no such event');
  return event;
}

/** The server names among some texts, as `via` gives them. */
export function serverNamesOf(texts: readonly string[] | undefined): ServerName[] {
  return (texts ?? []).flatMap((text) => parseServerName(text) ?? []);
}
