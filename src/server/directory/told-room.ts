/** Rooms as other servers describe them: of each, what has the form that it should have. Pure. */
import { isRoomAlgorithm } from '../../matrix/encryption.ts';
import { parseMxcUri, parseRoomAlias, parseRoomId, type RoomId } from '../../matrix/ids.ts';
import { asObject, getArray, getBoolean, getInteger, getString, type JsonObject } from '../../matrix/json.ts';

/** A name, a topic: events hold no longer ones. */
const TEXT_MAX = 65_536;
/** A join rule, a type, an algorithm, a version. */
const WORD_MAX = 255;
const ALLOWED_MAX = 100;

type Check = (text: string) => boolean;
const isText: Check = (text) => text !== '' && text.length <= TEXT_MAX;
const isWord: Check = (text) => text !== '' && text.length <= WORD_MAX;

const TEXTS: readonly (readonly [string, Check])[] = [
  ['name', isText],
  ['topic', isText],
  ['canonical_alias', (text) => parseRoomAlias(text) !== undefined],
  ['avatar_url', (text) => parseMxcUri(text) !== undefined],
  ['room_type', isWord],
  ['join_rule', isWord],
];
const SUMMARY_TEXTS: readonly (readonly [string, Check])[] = [
  ['encryption', isRoomAlgorithm],
  ['room_version', isWord],
];

export interface ToldRoom {
  readonly roomId: RoomId;
  readonly entry: JsonObject;
}

/** An entry of another server's directory; `undefined` where it names no room. */
export function readPublicRoom(told: unknown): ToldRoom | undefined {
  return readRoom(asObject(told), TEXTS);
}

/** What another server tells of a room in the tree of a space; `undefined` where it names no room. */
export function readRoomSummary(told: unknown): ToldRoom | undefined {
  const object = asObject(told);
  const room = readRoom(object, [...TEXTS, ...SUMMARY_TEXTS]);
  if (room === undefined) return undefined;
  const allowed = (getArray(object, 'allowed_room_ids') ?? []).slice(0, ALLOWED_MAX);
  const ids = allowed.filter((id) => typeof id === 'string' && parseRoomId(id) !== undefined);
  return ids.length === 0 ? room : { ...room, entry: { ...room.entry, allowed_room_ids: ids } };
}

function readRoom(told: JsonObject | undefined, texts: typeof TEXTS): ToldRoom | undefined {
  const roomId = parseRoomId(getString(told, 'room_id') ?? '');
  if (roomId === undefined) return undefined;
  const good = texts.flatMap(([key, check]) => {
    const text = getString(told, key);
    return text !== undefined && check(text) ? [[key, text] as const] : [];
  });
  return {
    roomId,
    entry: {
      room_id: roomId,
      num_joined_members: Math.max(0, getInteger(told, 'num_joined_members') ?? 0),
      world_readable: getBoolean(told, 'world_readable') === true,
      guest_can_join: getBoolean(told, 'guest_can_join') === true,
      ...Object.fromEntries(good),
    },
  };
}
