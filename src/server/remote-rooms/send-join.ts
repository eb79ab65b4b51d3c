/** The second step of a join: our event goes to a server in the room, whose answer is the room. */
import { OperationError } from '../../matrix/errors.ts';
import { parseServerName, type RoomId, type ServerName } from '../../matrix/ids.ts';
import { asArray } from '../../matrix/json.ts';
import { JsonParseError, parseJson } from '../../matrix/json-parse.ts';
import { parseElement } from '../../matrix/json-slice.ts';
import type { RoomNumber } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import type { Peers } from '../peers/index.ts';
import type { Rooms } from '../rooms/index.ts';
import { createEmptyRoom, type EnterTools, enterRoom, StateIntake } from '../timeline/index.ts';
import type { MadeEvent } from './handshake.ts';
import { takeState } from './state-answer.ts';

export interface SendJoinParts {
  readonly context: Context;
  readonly peers: Peers;
  readonly rooms: Rooms;
}

/** Servers of one room that are believed: more than any room has. */
const SERVERS_MAX = 20_000;

/**
 * Sends our join to a server and enters the room with what it answers, which may be a part of it. Throws `M_FORBIDDEN`
 * where the answer does not let us in, and an `OperationError` where it is none.
 */
export async function sendJoin(
  server: ServerName,
  { roomId, made }: { readonly roomId: RoomId; readonly made: MadeEvent },
  { context, peers, rooms }: SendJoinParts,
): Promise<{ readonly room: RoomNumber; readonly isPartial: boolean }> {
  const { rules, eventId } = made;
  const tools: EnterTools = { context, rooms, ensureKeys: (wanted) => peers.ensureKeys(wanted) };
  const room = await rooms.find(roomId);
  if (room !== undefined && room.version !== rules.version) {
    throw badAnswer(server, new Error('the room has another version'));
  }
  const intake = new StateIntake({
    ...tools,
    identity: { roomId, rules },
    from: server,
    room: room?.number,
    open: async () => (await rooms.findNumber(roomId)) ?? (await createEmptyRoom({ roomId, rules }, tools)),
  });
  // "omit_members: If `true`, indicates that that calling server can accept a reduced response".
  const query = 'omit_members=true';
  const path = `/_matrix/federation/v2/send_join/${encodeURIComponent(roomId)}/${encodeURIComponent(eventId)}?${query}`;
  const request = { method: 'PUT', path, body: made.json } as const;
  const others = await takeState({ server, request, stateName: 'state' }, intake, peers);
  const servers = omittedServers(server, others, context.serverName);
  const taken = await intake.finish();
  const join = parseElement(others.get('event') ?? new TextEncoder().encode(made.json));
  const entered = await enterRoom({ roomId, rules, join, joinId: eventId, taken, servers }, tools);
  return { room: entered, isPartial: servers !== undefined };
}

/** The servers in the room, where members were left out of the state; `undefined` where the state is whole. */
function omittedServers(
  server: ServerName,
  others: ReadonlyMap<string, Uint8Array>,
  own: ServerName,
): ServerName[] | undefined {
  try {
    const [omitted, list] = ['members_omitted', 'servers_in_room'].map((name) => {
      const bytes = others.get(name);
      return bytes === undefined ? undefined : parseJson(bytes);
    });
    if (omitted !== true) return undefined;
    // "servers_in_room: Required if members_omitted is true."
    const told = asArray(list);
    if (told === undefined || told.length > SERVERS_MAX) throw badAnswer(server, new Error('no servers in the room'));
    const names = told.map((name) => (typeof name === 'string' ? parseServerName(name) : undefined));
    if (names.includes(undefined)) throw badAnswer(server, new Error('a server in the room has no name'));
    const known = new Set([server, ...names.filter((name) => name !== undefined)]);
    known.delete(own);
    return [...known];
  } catch (error) {
    if (!(error instanceof JsonParseError)) throw error;
    throw badAnswer(server, error);
  }
}

function badAnswer(server: ServerName, cause: Error): OperationError {
  return new OperationError('bad answer', { temporary: false, server, cause });
}
