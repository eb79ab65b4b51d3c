/** Room aliases and published rooms of other servers. */
import { MatrixError, OperationError } from '../../matrix/errors.ts';
import { parseRoomId, parseServerName, type RoomAlias, type RoomId, type ServerName } from '../../matrix/ids.ts';
import { getArray, getInteger, getString, type JsonObject } from '../../matrix/json.ts';
import { errorForClient, type Peers, RemoteError } from '../peers/index.ts';
import { readPublicRoom } from './told-room.ts';

export interface ResolvedAlias {
  readonly roomId: RoomId;
  /** Servers that are in the room. */
  readonly servers: readonly ServerName[];
}

export interface PublicRoomsRequest {
  readonly limit: number | undefined;
  readonly since: string | undefined;
  readonly term: string | undefined;
  /** Texts, and `null` for rooms without a type; anything else fits no room. */
  readonly roomTypes: readonly unknown[] | undefined;
}

export interface PublicRoomsPage {
  readonly chunk: readonly JsonObject[];
  readonly nextBatch: string | undefined;
  readonly prevBatch: string | undefined;
  readonly total: number;
}

export const PAGE_MAX = 500;
const PAGE_BYTES_MAX = 10 * 1024 * 1024;
/** A token of another server, which clients bring back. */
const TOKEN_MAX = 1_024;
const ALIAS_BYTES_MAX = 1024 * 1024;
/** Of the servers that are told, as many as anybody would ask. */
const SERVERS_MAX = 100;
/** Somebody waits for the answer. */
const TIMEOUT_MS = 15_000;

export class RemoteDirectory {
  readonly #peers: Peers;

  constructor(peers: Peers) {
    this.#peers = peers;
  }

  /**
   * "Homeservers should only query room aliases that belong to the target server". Throws `M_NOT_FOUND`, or what else a
   * client may be told.
   */
  async resolve(alias: RoomAlias, server: ServerName): Promise<ResolvedAlias> {
    const path = `/_matrix/federation/v1/query/directory?room_alias=${encodeURIComponent(alias)}`;
    try {
      const limits = { bytesMax: ALIAS_BYTES_MAX, timeoutMs: TIMEOUT_MS };
      const answer = await this.#peers.request(server, { method: 'GET', path, ...limits });
      const roomId = parseRoomId(getString(answer, 'room_id') ?? '');
      if (roomId === undefined) throw new OperationError('bad answer', { temporary: false, server });
      const told = (getArray(answer, 'servers') ?? []).slice(0, SERVERS_MAX);
      const servers = told.flatMap((one) => (typeof one === 'string' ? (parseServerName(one) ?? []) : []));
      return { roomId, servers: [...new Set([...servers, server])] };
    } catch (error) {
      const isUnknown = error instanceof RemoteError && error.status === 404;
      if (isUnknown) throw new MatrixError('M_NOT_FOUND', 'There is no such alias', { cause: error });
      throw errorForClient(error, ['M_FORBIDDEN']);
    }
  }

  /** A page of another server's directory. It is not told who asks. Throws what a client may be told. */
  async listPublicRooms(server: ServerName, request: PublicRoomsRequest): Promise<PublicRoomsPage> {
    const { since, term, roomTypes } = request;
    const limit = Math.min(Math.max(request.limit ?? PAGE_MAX, 1), PAGE_MAX);
    const common = { limit, ...(since !== undefined && { since: since.slice(0, TOKEN_MAX) }) };
    const limits = { bytesMax: PAGE_BYTES_MAX, timeoutMs: TIMEOUT_MS };
    const path = '/_matrix/federation/v1/publicRooms';
    try {
      const answer =
        term === undefined && roomTypes === undefined
          ? await this.#peers.request(server, { method: 'GET', path: `${path}?${queryOf(common)}`, ...limits })
          : await this.#peers.request(server, {
              method: 'POST',
              path,
              body: { ...common, filter: filterOf(request) },
              ...limits,
            });
      return pageOf(answer, limit);
    } catch (error) {
      throw errorForClient(error, ['M_FORBIDDEN', 'M_INVALID_PARAM']);
    }
  }
}

function queryOf(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
}

function filterOf({ term, roomTypes }: PublicRoomsRequest): JsonObject {
  return {
    ...(term !== undefined && { generic_search_term: term }),
    ...(roomTypes !== undefined && { room_types: roomTypes.filter(isRoomType) }),
  };
}

function pageOf(answer: JsonObject, limit: number): PublicRoomsPage {
  const told = (getArray(answer, 'chunk') ?? []).slice(0, limit);
  const chunk = told.map((one) => readPublicRoom(one)?.entry).filter((entry) => entry !== undefined);
  const token = (name: string): string | undefined => {
    const text = getString(answer, name);
    return text !== undefined && text !== '' && text.length <= TOKEN_MAX ? text : undefined;
  };
  const total = getInteger(answer, 'total_room_count_estimate') ?? chunk.length;
  return { chunk, nextBatch: token('next_batch'), prevBatch: token('prev_batch'), total: Math.max(total, 0) };
}

function isRoomType(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}
