/** Room aliases, the public room directory and the user directory. The face of the folder. */
import { present } from '../../lib/assert.ts';
import { MatrixError } from '../../matrix/errors.ts';
import {
  parseRoomAlias,
  parseServerName,
  type RoomAlias,
  type RoomId,
  serverOf,
  type UserId,
} from '../../matrix/ids.ts';
import { getString, getStrings, type JsonObject } from '../../matrix/json.ts';
import { joinRuleOf, powerLevelsOf } from '../../rules/auth/index.ts';
import { ConflictError } from '../../ports/store/index.ts';
import { type Caller, type Profile, shortProfile } from '../accounts/index.ts';
import type { Context } from '../context.ts';
import type { Peers } from '../peers/index.ts';
import type { Room, Rooms } from '../rooms/index.ts';
import {
  PAGE_MAX,
  type PublicRoomsPage,
  type PublicRoomsRequest,
  RemoteDirectory,
  type ResolvedAlias,
} from './remote-directory.ts';

export type { PublicRoomsPage } from './remote-directory.ts';
export { readRoomSummary, type ToldRoom } from './told-room.ts';

export interface FoundUser {
  readonly user: UserId;
  readonly profile: Profile;
}

/** Of the servers in a room, as many as one needs to join it. */
const SERVERS_TOLD_MAX = 50;
const USERS_MAX = 100;
const TERM_MAX = 1_024;

export class Directory {
  readonly #context: Context;
  readonly #rooms: Rooms;
  readonly #remote: RemoteDirectory;

  constructor(context: Context, { rooms, peers }: { readonly rooms: Rooms; readonly peers: Peers }) {
    this.#context = context;
    this.#rooms = rooms;
    this.#remote = new RemoteDirectory(peers);
  }

  /** Throws `M_INVALID_PARAM` for what is no alias. */
  requireAlias(text: string): RoomAlias {
    const alias = parseRoomAlias(text);
    if (alias === undefined) throw new MatrixError('M_INVALID_PARAM', 'That is no room alias');
    return alias;
  }

  /** The room behind an alias, of this server or another. Throws `M_NOT_FOUND`. */
  async resolve(alias: RoomAlias): Promise<ResolvedAlias> {
    const server = present(serverOf(alias), 'an alias names a server');
    return server === this.#context.serverName ? await this.resolveLocal(alias) : this.#remote.resolve(alias, server);
  }

  /** The room behind an alias of this server, with servers that are in it. Throws `M_NOT_FOUND`. */
  async resolveLocal(alias: RoomAlias): Promise<ResolvedAlias> {
    const { store, serverName } = this.#context;
    const found = await store.rooms.findAlias(alias);
    if (found === undefined) throw new MatrixError('M_NOT_FOUND', 'There is no such alias');
    const others = await store.federation.listServersInRoom(found.room);
    const servers = [serverName, ...others.filter((server) => server !== serverName)];
    return { roomId: found.roomId, servers: servers.slice(0, SERVERS_TOLD_MAX) };
  }

  /** A room id or alias as a room id, with servers that are in the room. */
  async resolveAny(text: string): Promise<ResolvedAlias> {
    if (text.startsWith('#')) return await this.resolve(this.requireAlias(text));
    return { roomId: text as RoomId, servers: [] };
  }

  /** Creates an alias of this server for a room that the user is in. Throws `M_ROOM_IN_USE` or `M_FORBIDDEN`. */
  async create(alias: RoomAlias, roomId: RoomId, user: UserId): Promise<void> {
    if (serverOf(alias) !== this.#context.serverName) {
      throw new MatrixError('M_INVALID_PARAM', 'Aliases are made on their own server');
    }
    const room = await this.#rooms.requireJoined(user, roomId);
    try {
      await this.#context.store.transact((one) => one.rooms.createAlias(alias, room.number, user));
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      throw new MatrixError('M_ROOM_IN_USE', 'The alias exists already', { status: 409, cause: error });
    }
  }

  /** Deletes an alias: its creator may, whoever may change the room's canonical alias, and administrators. */
  async delete(alias: RoomAlias, caller: Caller): Promise<void> {
    const found = await this.#context.store.rooms.findAlias(alias);
    if (found === undefined) throw new MatrixError('M_NOT_FOUND', 'There is no such alias');
    if (found.creator !== caller.user && !caller.admin && !(await this.#mayName(found.room, caller.user))) {
      throw new MatrixError('M_FORBIDDEN', 'You may not delete this alias');
    }
    await this.#context.store.transact((one) => one.rooms.deleteAlias(alias));
  }

  async #mayName(number: Room['number'], user: UserId): Promise<boolean> {
    const room = await this.#rooms.get(number);
    const joined = (await this.#rooms.membershipOf(room, user)) === 'join';
    return joined && powerLevelsOf(room.lookup, room.rules).maySend(user, 'm.room.canonical_alias', true);
  }

  /** The aliases of a room, for its members or anybody where its history is world-readable. */
  async listAliases(roomId: RoomId, user: UserId): Promise<RoomAlias[]> {
    const room = await this.#rooms.find(roomId);
    const readable = room !== undefined && isWorldReadable(room);
    const joined = room !== undefined && (await this.#rooms.membershipOf(room, user)) === 'join';
    if (room === undefined || !(readable || joined)) throw new MatrixError('M_FORBIDDEN', 'You are not in this room');
    return await this.#context.store.rooms.listAliases(room.number);
  }

  /** "M_BAD_ALIAS: One or more aliases within the m.room.canonical_alias event do not point to the room ID." */
  async checkCanonicalAlias(room: Room, content: JsonObject): Promise<void> {
    const before = room.state('m.room.canonical_alias', '')?.pdu.content;
    const known = new Set([getString(before, 'alias'), ...(getStrings(before, 'alt_aliases') ?? [])]);
    for (const text of [getString(content, 'alias'), ...(getStrings(content, 'alt_aliases') ?? [])]) {
      if (text === undefined || text === '' || known.has(text)) continue;
      const alias = parseRoomAlias(text);
      if (alias === undefined) throw new MatrixError('M_INVALID_PARAM', 'That is no room alias');
      if ((await this.#findRoom(alias)) !== room.roomId) {
        throw new MatrixError('M_BAD_ALIAS', `${alias} does not point to this room`);
      }
    }
  }

  async #findRoom(alias: RoomAlias): Promise<RoomId | undefined> {
    try {
      return (await this.resolve(alias)).roomId;
    } catch (error) {
      if (error instanceof MatrixError) return undefined;
      throw error;
    }
  }

  async isPublished(roomId: RoomId): Promise<boolean> {
    return (await this.#rooms.require(roomId)).published;
  }

  /** Puts a room into the public directory or takes it out: for those who may change its canonical alias. */
  async setPublished(roomId: RoomId, caller: Caller, published: boolean): Promise<void> {
    const room = await this.#rooms.require(roomId);
    if (!caller.admin && !(await this.#mayName(room.number, caller.user))) {
      throw new MatrixError('M_FORBIDDEN', 'You may not change the directory entry of this room');
    }
    await this.#context.store.transact((one) => one.rooms.setPublished(room.number, published));
    room.published = published;
  }

  /** A page of the directory of a server, of this one unless another is named. Throws `M_INVALID_PARAM`. */
  async listPublicRoomsOf(name: string | undefined, request: PublicRoomsRequest): Promise<PublicRoomsPage> {
    if (name === undefined || name === this.#context.serverName) return await this.listPublicRooms(request);
    const server = parseServerName(name);
    if (server === undefined) throw new MatrixError('M_INVALID_PARAM', 'That is no server name');
    return await this.#remote.listPublicRooms(server, request);
  }

  /** A page of the public directory, the largest rooms first. */
  async listPublicRooms(request: PublicRoomsRequest): Promise<PublicRoomsPage> {
    const records = await this.#context.store.rooms.listPublished();
    const term = request.term?.slice(0, TERM_MAX).toLowerCase();
    const matching: JsonObject[] = [];
    for (const { number } of records) {
      const entry = publicRoom(await this.#rooms.get(number));
      const type = getString(entry, 'room_type') ?? null;
      if (request.roomTypes !== undefined && !request.roomTypes.includes(type)) continue;
      if (term === undefined || term === '' || matchesTerm(entry, term)) matching.push(entry);
    }
    const start = Math.max(0, Number.parseInt(request.since ?? '0', 10) || 0);
    const limit = Math.min(Math.max(request.limit ?? PAGE_MAX, 1), PAGE_MAX);
    const end = start + limit;
    return {
      chunk: matching.slice(start, end),
      nextBatch: end < matching.length ? String(end) : undefined,
      prevBatch: start > 0 ? String(Math.max(0, start - limit)) : undefined,
      total: matching.length,
    };
  }

  /**
   * Users whose id or display name holds the term: those who share a room with the asker or are in a public room
   * ("the server MAY … only search users sharing a room"). Only the global profile is shown (adv-064).
   */
  async searchUsers(asker: UserId, term: string, limit: number): Promise<{ users: FoundUser[]; limited: boolean }> {
    const wanted = Math.min(Math.max(limit, 1), USERS_MAX);
    const { store } = this.#context;
    const candidates = await store.accounts.searchProfiles(term.slice(0, TERM_MAX), wanted * 4 + 1);
    const visible = new Set(await store.rooms.listUsersSharingRooms(asker));
    const users: UserId[] = [];
    for (const user of candidates) {
      const account = await store.accounts.findAccount(user);
      if (account === undefined || account.deactivated || user === asker) continue;
      if (visible.has(user) || (await this.#isInPublicRoom(user)) || term === user) users.push(user);
    }
    const page = users.slice(0, wanted);
    const profiles = await store.accounts.getProfiles(page);
    return {
      users: page.map((user) => ({ user, profile: shortProfile(profiles.get(user) ?? new Map()) })),
      limited: users.length > wanted,
    };
  }

  async #isInPublicRoom(user: UserId): Promise<boolean> {
    for (const { room } of await this.#rooms.listMemberships(user, ['join'])) {
      if (joinRuleOf((await this.#rooms.get(room)).lookup) === 'public') return true;
    }
    return false;
  }
}

function isWorldReadable(room: Room): boolean {
  return getString(room.state('m.room.history_visibility', '')?.pdu.content, 'history_visibility') === 'world_readable';
}

/** A room as the directory, the summary and the hierarchy describe it. */
export function publicRoom(room: Room): JsonObject {
  const text = (type: string, key: string): string | undefined => getString(room.state(type, '')?.pdu.content, key);
  const optional: [string, string | undefined][] = [
    ['name', text('m.room.name', 'name')],
    ['topic', text('m.room.topic', 'topic')],
    ['canonical_alias', text('m.room.canonical_alias', 'alias')],
    ['avatar_url', text('m.room.avatar', 'url')],
    ['room_type', text('m.room.create', 'type')],
  ];
  return {
    room_id: room.roomId,
    num_joined_members: room.head.joinedCount,
    world_readable: isWorldReadable(room),
    guest_can_join: text('m.room.guest_access', 'guest_access') === 'can_join',
    join_rule: joinRuleOf(room.lookup),
    ...Object.fromEntries(optional.filter(([, value]) => value !== undefined && value !== '')),
  };
}

function matchesTerm(entry: JsonObject, term: string): boolean {
  return ['name', 'topic', 'canonical_alias'].some(
    (key) => getString(entry, key)?.toLowerCase().includes(term) === true,
  );
}
