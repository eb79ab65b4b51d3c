/** Room summaries and the tree of spaces, over this server's rooms and those of others. The face of the folder. */
import { MatrixError } from '../../matrix/errors.ts';
import { isRoomAlgorithm } from '../../matrix/encryption.ts';
import { parseRoomId, type RoomId, serverOf, type ServerName, type UserId } from '../../matrix/ids.ts';
import { getString, getStrings, type JsonObject } from '../../matrix/json.ts';
import { listAllowedRooms } from '../../rules/membership/restricted-join.ts';
import type { Context } from '../context.ts';
import { publicRoom } from '../directory/index.ts';
import type { Peers } from '../peers/index.ts';
import type { Room, Rooms } from '../rooms/index.ts';
import { SpaceAccess } from './access.ts';
import { type Child, compareChildren, strippedChild } from './children.ts';
import { Budget, RemoteSpaces } from './remote-spaces.ts';
import { type FoundRoom, TreeWalk } from './tree-walk.ts';

export interface HierarchyRequest {
  readonly roomId: RoomId;
  readonly user: UserId;
  readonly suggestedOnly: boolean;
  readonly limit: number;
  readonly maxDepth: number | undefined;
  readonly from: string | undefined;
}

/** What another server is told of a space. */
export interface ServerHierarchy {
  readonly room: JsonObject;
  readonly children: readonly JsonObject[];
  readonly inaccessibleChildren: readonly RoomId[];
}

export interface SpaceParts {
  readonly context: Context;
  readonly rooms: Rooms;
  readonly peers: Peers;
}

const PAGE_MAX = 50;
const DEPTH_MAX = 20;
/** Rooms walked for one tree at most. */
const WALK_MAX = 5_000;
/** Children that another server is told of. */
const TOLD_MAX = 100;

export class Spaces {
  readonly #context: Context;
  readonly #rooms: Rooms;
  readonly #access: SpaceAccess;
  readonly #remote: RemoteSpaces;

  constructor({ context, rooms, peers }: SpaceParts) {
    this.#context = context;
    this.#rooms = rooms;
    this.#access = new SpaceAccess(rooms);
    this.#remote = new RemoteSpaces(context, peers);
  }

  /** A room as its summary tells it. Throws `M_NOT_FOUND` for rooms that the user may not know of. */
  async getSummary(user: UserId, roomId: RoomId, via: readonly ServerName[]): Promise<JsonObject> {
    const room = await this.#findRoom(roomId, user, via, new Budget(this.#context.clock));
    if (room === undefined || room === 'later') throw new MatrixError('M_NOT_FOUND', 'There is no such room');
    const number = await this.#rooms.findNumber(roomId);
    const membership = number === undefined ? undefined : await this.#rooms.findMembership(user, number);
    return { ...room.summary, ...(membership !== undefined && { membership: membership.membership }) };
  }

  /** A room that this server is in; of others it does not know how they are now. */
  async #findResident(roomId: RoomId): Promise<Room | undefined> {
    const room = await this.#rooms.find(roomId);
    return room === undefined || room.localJoined.size === 0 ? undefined : room;
  }

  /** A room that a user may know of, from here or from one of these servers; `later` where the budget is used up. */
  async #findRoom(
    roomId: RoomId,
    user: UserId,
    via: readonly ServerName[],
    budget: Budget,
  ): Promise<FoundRoom | 'later' | undefined> {
    const room = await this.#findResident(roomId);
    if (room !== undefined) {
      if (!(await this.#access.mayKnow(room, user))) return undefined;
      return { summary: summaryOf(room), children: await this.#children(room), told: undefined };
    }
    const when = budget.take(this.#remote.has(roomId));
    if (when !== 'now') return when === 'later' ? when : undefined;
    const told = await this.#remote.find(roomId, [...via, ...(await this.#serversOf(roomId))]);
    if (told === undefined || !(await this.#access.mayKnowTold(told.room, user))) return undefined;
    return { summary: told.room.entry, children: told.children, told };
  }

  /** Servers that may know a room. */
  async #serversOf(roomId: RoomId): Promise<ServerName[]> {
    const number = await this.#rooms.findNumber(roomId);
    const known = number === undefined ? [] : await this.#context.store.federation.listServersInRoom(number);
    return [serverOf(roomId), ...known].filter((server) => server !== undefined);
  }

  /** A page of the tree below a space, depth first, in the order of the children's `order`. */
  async getHierarchy(request: HierarchyRequest): Promise<{ rooms: JsonObject[]; nextBatch: string | undefined }> {
    const skip = request.from === undefined ? 0 : Number(/^h([0-9]{1,9})$/.exec(request.from)?.[1] ?? Number.NaN);
    if (Number.isNaN(skip)) throw new MatrixError('M_INVALID_PARAM', 'That is no token of this hierarchy');
    const limit = Math.min(Math.max(request.limit, 1), PAGE_MAX);
    const budget = new Budget(this.#context.clock);
    const walk = new TreeWalk({
      suggestedOnly: request.suggestedOnly,
      depthMax: Math.min(request.maxDepth ?? DEPTH_MAX, DEPTH_MAX),
      wanted: Math.min(skip + limit + 1, WALK_MAX),
      find: (roomId, via) => this.#findRoom(roomId, request.user, via, budget),
      findTold: async (told) => {
        // A room that this server is in it knows better itself; of a space the children are wanted too.
        const isEnough = told.entry['room_type'] !== 'm.space' && (await this.#findResident(told.roomId)) === undefined;
        if (!isEnough) return 'ask';
        const mayKnow = await this.#access.mayKnowTold(told, request.user);
        return mayKnow ? { summary: told.entry, children: [], told: undefined } : undefined;
      },
    });
    const { rooms, isWhole } = await walk.run(request.roomId);
    if (rooms.length === 0 && isWhole) throw new MatrixError('M_FORBIDDEN', 'You may not see this space');
    const page = rooms.slice(skip, skip + limit);
    const isLast = isWhole && rooms.length <= skip + limit;
    return { rooms: page, nextBatch: isLast ? undefined : `h${skip + page.length}` };
  }

  /** A space and its children for another server. Throws `M_NOT_FOUND` where none of its users may know of it. */
  async getHierarchyFor(server: ServerName, roomId: RoomId, suggestedOnly: boolean): Promise<ServerHierarchy> {
    const room = await this.#findResident(roomId);
    if (room === undefined || !(await this.#access.mayServerKnow(room, server))) {
      throw new MatrixError('M_NOT_FOUND', 'There is no such room');
    }
    const all = await this.#children(room);
    const events = all.filter(({ content }) => !suggestedOnly || content['suggested'] === true).slice(0, TOLD_MAX);
    const children: JsonObject[] = [];
    const inaccessibleChildren: RoomId[] = [];
    for (const { roomId: childId } of events) {
      const child = await this.#findResident(childId);
      if (child === undefined) continue;
      if (await this.#access.mayServerKnow(child, server)) children.push(summaryOf(child));
      else inaccessibleChildren.push(childId);
    }
    const summary = { ...summaryOf(room), children_state: events.map(strippedChild) };
    return { room: summary, children, inaccessibleChildren };
  }

  /** "m.space.child … with a `via`": others have been removed. Ordered as the specification orders children. */
  async #children(room: Room): Promise<Child[]> {
    if (getString(room.state('m.room.create', '')?.pdu.content, 'type') !== 'm.space') return [];
    const entries = await this.#context.store.rooms.getCurrentStateOfType(room.number, 'm.space.child');
    const events = await this.#rooms.events.getByNumber(entries.map((one) => one.event));
    const children = events.flatMap(({ pdu }): Child[] => {
      const { sender, content, stateKey = '', originServerTs } = pdu;
      const roomId = parseRoomId(stateKey);
      if (roomId === undefined || getStrings(content, 'via') === undefined) return [];
      return [{ roomId, sender, content, stateKey, originServerTs }];
    });
    return children.toSorted(compareChildren);
  }
}

/** The public facts of a room with what only summaries tell. */
function summaryOf(room: Room): JsonObject {
  const algorithm = getString(room.state('m.room.encryption', '')?.pdu.content, 'algorithm');
  const allowed = listAllowedRooms(room.lookup);
  return {
    ...publicRoom(room),
    room_version: room.version,
    // Whatever else stands there is no algorithm, and no answer that the specification knows.
    ...(algorithm !== undefined && isRoomAlgorithm(algorithm) && { encryption: algorithm }),
    ...(allowed.length > 0 && { allowed_room_ids: allowed }),
  };
}
