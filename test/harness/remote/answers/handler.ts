/** What every answer is made with. */
import type { RemoteRoom } from '../room.ts';
import { originOf, param, type ReceivedRequest, Refusal, type Reply } from '../requests.ts';
import type { RemoteServer } from '../../remote-server.ts';

export type Handler = (server: RemoteServer, request: ReceivedRequest) => Reply | Promise<Reply>;

/** The room that the request's path names. */
export function roomOf(server: RemoteServer, request: ReceivedRequest): RemoteRoom {
  const room = server.rooms.get(param(request, 'roomId'));
  if (room === undefined) throw new Refusal(404, 'M_NOT_FOUND', 'Unknown room');
  return room;
}

/** The room that the request's path names, for a server that is in it. */
export function sharedRoomOf(server: RemoteServer, request: ReceivedRequest): RemoteRoom {
  const room = roomOf(server, request);
  if (!room.servers().includes(originOf(request))) throw new Refusal(403, 'M_FORBIDDEN', 'Host not in room.');
  return room;
}
