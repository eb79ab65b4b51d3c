/** Whose business a room's summary is. */
import { parseRoomId, serverOf, type ServerName, type UserId } from '../../matrix/ids.ts';
import { getStrings, type JsonObject } from '../../matrix/json.ts';
import { joinRuleOf } from '../../rules/auth/index.ts';
import { listAllowedRooms } from '../../rules/membership/restricted-join.ts';
import { serverAclOf } from '../../rules/membership/server-acl.ts';
import { publicRoom, type ToldRoom } from '../directory/index.ts';
import type { Room, Rooms } from '../rooms/index.ts';

/** Join rules by which a room can be found by those who are not in it. */
const OPEN: ReadonlySet<unknown> = new Set(['public', 'knock', 'knock_restricted']);
const INSIDE: ReadonlySet<string> = new Set(['join', 'invite', 'knock']);

export class SpaceAccess {
  readonly #rooms: Rooms;

  constructor(rooms: Rooms) {
    this.#rooms = rooms;
  }

  /** "A user may peek … or join": what makes a room's summary anybody's business. */
  async mayKnow(room: Room, user: UserId): Promise<boolean> {
    if (INSIDE.has(await this.#rooms.membershipOf(room, user)) || isOpen(room)) return true;
    return isRestricted(room) && (await this.#isInOneOf(listAllowedRooms(room.lookup), user));
  }

  /** The same of a room that another server tells of: "responsible for filtering the results further down". */
  async mayKnowTold({ roomId, entry }: ToldRoom, user: UserId): Promise<boolean> {
    if (OPEN.has(entry['join_rule'] ?? 'public') || entry['world_readable'] === true) return true;
    const number = await this.#rooms.findNumber(roomId);
    const place = number === undefined ? undefined : await this.#rooms.findMembership(user, number);
    if (place !== undefined && INSIDE.has(place.membership)) return true;
    return entry['join_rule'] === 'restricted' && (await this.#isInOneOf(allowedOf(entry), user));
  }

  async #isInOneOf(roomIds: readonly string[], user: UserId): Promise<boolean> {
    for (const id of roomIds) {
      const roomId = parseRoomId(id);
      const number = roomId === undefined ? undefined : await this.#rooms.findNumber(roomId);
      if (number === undefined) continue;
      if ((await this.#rooms.findMembership(user, number))?.membership === 'join') return true;
    }
    return false;
  }

  /** Whether some user of a server could see or enter a room. */
  async mayServerKnow(room: Room, server: ServerName): Promise<boolean> {
    if (!serverAclOf(room.lookup).allows(server)) return false;
    if (isOpen(room) || room.servers.has(server)) return true;
    const invited = await this.#rooms.getMembers(room, ['invite']);
    if (invited.some(({ pdu }) => serverOf(pdu.stateKey ?? '') === server)) return true;
    if (!isRestricted(room)) return false;
    for (const roomId of listAllowedRooms(room.lookup)) {
      const other = await this.#rooms.find(roomId);
      if (other?.servers.has(server) === true && other.localJoined.size > 0) return true;
    }
    return false;
  }
}

function isOpen(room: Room): boolean {
  return OPEN.has(joinRuleOf(room.lookup)) || publicRoom(room)['world_readable'] === true;
}

function isRestricted(room: Room): boolean {
  return joinRuleOf(room.lookup) === 'restricted';
}

function allowedOf(entry: JsonObject): readonly string[] {
  return getStrings(entry, 'allowed_room_ids') ?? [];
}
