/** Room summaries and the tree of spaces. The face of the folder. */
import { MatrixError } from '../../matrix/errors.ts';
import { parseRoomId, type RoomId, type UserId } from '../../matrix/ids.ts';
import { asObject, getArray, getString, getStrings, type JsonObject } from '../../matrix/json.ts';
import { joinRuleOf } from '../../rules/auth/index.ts';
import type { Context } from '../context.ts';
import { publicRoom } from '../directory/index.ts';
import type { Room, RoomEvent, Rooms } from '../rooms/index.ts';
import { compareChildren } from './children.ts';
import { stripped } from '../timeline/index.ts';

export interface HierarchyRequest {
  readonly roomId: RoomId;
  readonly user: UserId;
  readonly suggestedOnly: boolean;
  readonly limit: number;
  readonly maxDepth: number | undefined;
  readonly from: string | undefined;
}

const PAGE_MAX = 50;
const DEPTH_MAX = 20;
/** Rooms walked for one tree at most. */
const WALK_MAX = 5_000;

export class Spaces {
  readonly #context: Context;
  readonly #rooms: Rooms;

  constructor(context: Context, rooms: Rooms) {
    this.#context = context;
    this.#rooms = rooms;
  }

  /** A room as its summary tells it. Throws `M_NOT_FOUND` for rooms that the user may not know of. */
  async getSummary(user: UserId, roomId: RoomId): Promise<JsonObject> {
    const room = await this.#rooms.find(roomId);
    if (room === undefined || !(await this.#mayKnow(room, user))) {
      throw new MatrixError('M_NOT_FOUND', 'There is no such room');
    }
    const membership = await this.#rooms.findMembership(user, room.number);
    return { ...summaryOf(room), ...(membership !== undefined && { membership: membership.membership }) };
  }

  /** "A user may peek … or join": what makes a room's summary anybody's business. */
  async #mayKnow(room: Room, user: UserId): Promise<boolean> {
    const membership = await this.#rooms.membershipOf(room, user);
    if (membership === 'join' || membership === 'invite' || membership === 'knock') return true;
    const rule = joinRuleOf(room.lookup);
    if (rule === 'public' || rule === 'knock' || rule === 'knock_restricted') return true;
    if (publicRoom(room)['world_readable'] === true) return true;
    return rule === 'restricted' && (await this.#meetsRestriction(room, user));
  }

  async #meetsRestriction(room: Room, user: UserId): Promise<boolean> {
    for (const allowed of allowedRooms(room)) {
      const other = parseRoomId(allowed);
      const found = other === undefined ? undefined : await this.#rooms.find(other);
      if (found !== undefined && (await this.#rooms.membershipOf(found, user)) === 'join') return true;
    }
    return false;
  }

  /** A page of the tree below a space, depth first, in the order of the children's `order`. */
  async getHierarchy(request: HierarchyRequest): Promise<{ rooms: JsonObject[]; nextBatch: string | undefined }> {
    const root = await this.#rooms.find(request.roomId);
    if (root === undefined || !(await this.#mayKnow(root, request.user))) {
      throw new MatrixError('M_FORBIDDEN', 'You may not see this space');
    }
    const skip = request.from === undefined ? 0 : Number(/^h([0-9]{1,9})$/.exec(request.from)?.[1] ?? Number.NaN);
    if (Number.isNaN(skip)) throw new MatrixError('M_INVALID_PARAM', 'That is no token of this hierarchy');
    const limit = Math.min(Math.max(request.limit, 1), PAGE_MAX);
    const tree = await this.#walk(root, request, skip + limit + 1);
    const page = tree.slice(skip, skip + limit);
    return { rooms: page, nextBatch: tree.length > skip + limit ? `h${skip + limit}` : undefined };
  }

  async #walk(root: Room, request: HierarchyRequest, wanted: number): Promise<JsonObject[]> {
    const depthMax = Math.min(request.maxDepth ?? DEPTH_MAX, DEPTH_MAX);
    const stack: { room: Room; depth: number }[] = [{ room: root, depth: 0 }];
    const seen = new Set<RoomId>([root.roomId]);
    const found: JsonObject[] = [];
    for (let next = stack.pop(); next !== undefined && found.length < Math.min(wanted, WALK_MAX); next = stack.pop()) {
      const children = await this.#children(next.room, request.suggestedOnly);
      found.push({
        ...summaryOf(next.room),
        children_state: children.map(({ pdu }) => ({
          ...stripped(pdu),
          origin_server_ts: pdu.originServerTs,
        })) as JsonObject[],
      });
      if (next.depth >= depthMax) continue;
      for (const child of children.toReversed()) {
        const roomId = parseRoomId(child.pdu.stateKey ?? '');
        if (roomId === undefined || seen.has(roomId)) continue;
        const room = await this.#rooms.find(roomId);
        if (room === undefined || !(await this.#mayKnow(room, request.user))) continue;
        seen.add(roomId);
        stack.push({ room, depth: next.depth + 1 });
      }
    }
    return found;
  }

  /** "m.space.child … with a `via`": others have been removed. Ordered as the specification orders children. */
  async #children(room: Room, suggestedOnly: boolean): Promise<RoomEvent[]> {
    if (getString(room.state('m.room.create', '')?.pdu.content, 'type') !== 'm.space') return [];
    const entries = await this.#context.store.rooms.getCurrentStateOfType(room.number, 'm.space.child');
    const events = await this.#rooms.events.getByNumber(entries.map((one) => one.event));
    return events
      .filter(
        ({ pdu }) =>
          getStrings(pdu.content, 'via') !== undefined && (!suggestedOnly || pdu.content['suggested'] === true),
      )
      .toSorted(compareChildren);
  }
}

/** The public facts of a room with what only summaries tell. */
function summaryOf(room: Room): JsonObject {
  const algorithm = getString(room.state('m.room.encryption', '')?.pdu.content, 'algorithm');
  const allowed = allowedRooms(room);
  return {
    ...publicRoom(room),
    room_version: room.version,
    ...(algorithm !== undefined && { encryption: algorithm }),
    ...(allowed.length > 0 && { allowed_room_ids: allowed }),
  };
}

function allowedRooms(room: Room): string[] {
  const allow = getArray(room.state('m.room.join_rules', '')?.pdu.content, 'allow') ?? [];
  return allow.flatMap((one) => getString(asObject(one), 'room_id') ?? []);
}
