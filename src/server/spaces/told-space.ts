/** What another server tells of a space: of it, what has the form that it should have. Pure. */
import { parseRoomId, parseServerName, parseUserId, type RoomId, type ServerName } from '../../matrix/ids.ts';
import { asObject, getArray, getInteger, getObject, getString, type JsonObject } from '../../matrix/json.ts';
import { readRoomSummary, type ToldRoom } from '../directory/index.ts';
import { type Child, compareChildren } from './children.ts';

export interface ToldSpace {
  /** The room that was asked about. */
  readonly room: ToldRoom;
  /** Its children in their order. */
  readonly children: readonly Child[];
  /** Those of them that the other server describes. */
  readonly rooms: ReadonlyMap<RoomId, ToldRoom>;
  /** "The list of room IDs the requesting server doesn't have a viable way to peek/join": not asked for again. */
  readonly inaccessible: ReadonlySet<RoomId>;
}

const CHILDREN_MAX = 1_000;
const VIA_MAX = 10;

/** Reads an answer about a room; `undefined` where it is about another one, or about none. */
export function readToldSpace(answer: JsonObject, roomId: RoomId): ToldSpace | undefined {
  const object = getObject(answer, 'room');
  const room = readRoomSummary(object);
  if (room?.roomId !== roomId) return undefined;
  const list = (from: JsonObject | undefined, name: string) => (getArray(from, name) ?? []).slice(0, CHILDREN_MAX);
  const children = list(object, 'children_state').flatMap((event) => readChild(asObject(event)) ?? []);
  const rooms = list(answer, 'children').flatMap((entry) => readRoomSummary(entry) ?? []);
  const inaccessible = list(answer, 'inaccessible_children').flatMap((id) =>
    typeof id === 'string' ? (parseRoomId(id) ?? []) : [],
  );
  return {
    room,
    children: children.toSorted(compareChildren),
    rooms: new Map(rooms.map((one) => [one.roomId, one])),
    inaccessible: new Set(inaccessible),
  };
}

/** An `m.space.child` event in stripped form, with what the specification knows of its content. */
function readChild(event: JsonObject | undefined): Child | undefined {
  const content = getObject(event, 'content');
  const stateKey = getString(event, 'state_key') ?? '';
  const roomId = parseRoomId(stateKey);
  const sender = parseUserId(getString(event, 'sender') ?? '');
  const via = viaOf(content);
  if (getString(event, 'type') !== 'm.space.child' || roomId === undefined || sender === undefined) return undefined;
  if (via.length === 0) return undefined;
  const order = getString(content, 'order');
  const isOrder = order !== undefined && order.length <= 50;
  const kept: JsonObject = {
    via: [...via],
    ...(isOrder && { order }),
    ...(content?.['suggested'] === true && { suggested: true }),
  };
  const originServerTs = getInteger(event, 'origin_server_ts') ?? 0;
  return { roomId, sender, content: kept, stateKey, originServerTs };
}

/** "An array of server names to try and join through." */
export function viaOf(content: JsonObject | undefined): ServerName[] {
  const names = (getArray(content, 'via') ?? []).slice(0, VIA_MAX);
  return names.flatMap((name) => (typeof name === 'string' ? (parseServerName(name) ?? []) : []));
}
