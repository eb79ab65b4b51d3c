/** What other servers know of a room: asked one after another, the likeliest first. */
import { OperationError } from '../../matrix/errors.ts';
import { type EventId, parseEventId, type RoomId, type ServerName } from '../../matrix/ids.ts';
import { JsonParseError } from '../../matrix/json-parse.ts';
import { type ElementResult, parseElements, sliceMembers } from '../../matrix/json-slice.ts';
import type { Log } from '../../ports/log.ts';
import { type Peers, RemoteError } from '../peers/index.ts';
import type { EventSource, GivenEvents, MissingRequest, StateIds } from '../timeline/index.ts';

/** Servers asked for one thing at most. */
const SERVERS_MAX = 4;
/** Requests for single events at the same time. */
const PARALLEL = 8;
const BODY_BYTES_MAX = 100 * 1024 * 1024;
/** Ids in a state of which nobody has heard: more than this and the answer is not believed. */
const STATE_IDS_MAX = 200_000;

export function eventSource(
  servers: readonly ServerName[],
  { peers, log, signal }: { readonly peers: Peers; readonly log: Log; readonly signal?: AbortSignal },
): EventSource {
  return new PeerSource(servers.slice(0, SERVERS_MAX), { peers, log, signal });
}

interface AskOptions {
  readonly body?: Parameters<Peers['request']>[1]['body'];
  readonly hears?: (server: ServerName, isRefused: boolean) => void;
}

class PeerSource implements EventSource {
  readonly #servers: readonly ServerName[];
  readonly #peers: Peers;
  readonly #log: Log;
  readonly #signal: AbortSignal | undefined;

  constructor(
    servers: readonly ServerName[],
    { peers, log, signal }: { readonly peers: Peers; readonly log: Log; readonly signal: AbortSignal | undefined },
  ) {
    this.#servers = servers;
    this.#peers = peers;
    this.#log = log;
    this.#signal = signal;
  }

  /** The first answer that `read` can use; `hears` is told when a server gave none. */
  async #ask<T>(
    path: string,
    read: (bytes: Uint8Array) => T | undefined,
    { body, hears }: AskOptions = {},
  ): Promise<T | undefined> {
    for (const server of this.#servers) {
      try {
        const method = body === undefined ? 'GET' : 'POST';
        const limits = { bytesMax: BODY_BYTES_MAX, signal: this.#signal };
        const request = { method, path, ...limits, ...(body !== undefined && { body }) } as const;
        const answer = read(await this.#peers.requestBytes(server, request));
        if (answer !== undefined) return answer;
        hears?.(server, false);
      } catch (error) {
        if (!(error instanceof OperationError) && !(error instanceof JsonParseError)) throw error;
        hears?.(server, isRefusal(error));
        const why = error instanceof OperationError ? error.kind : error.message;
        this.#log.debug('a server did not tell of a room', { server, why });
      }
    }
    return undefined;
  }

  async getMissingEvents(roomId: RoomId, request: MissingRequest): Promise<readonly ElementResult[]> {
    const { earliest, latest, limit } = request;
    const body = { earliest_events: [...earliest], latest_events: [...latest], limit, min_depth: 0 };
    const path = `/_matrix/federation/v1/get_missing_events/${encodeURIComponent(roomId)}`;
    return (await this.#ask(path, (bytes) => elementsOf(bytes, 'events'), { body })) ?? [];
  }

  async backfill(roomId: RoomId, from: readonly EventId[], limit: number): Promise<readonly ElementResult[]> {
    const query = [...from.map((id) => `v=${encodeURIComponent(id)}`), `limit=${limit}`].join('&');
    const path = `/_matrix/federation/v1/backfill/${encodeURIComponent(roomId)}?${query}`;
    const elements = await this.#ask(path, (bytes) => {
      const pdus = elementsOf(bytes, 'pdus');
      return pdus?.length === 0 ? undefined : pdus;
    });
    return (elements ?? []).slice(0, limit);
  }

  async getStateIds(roomId: RoomId, eventId: EventId): Promise<StateIds | undefined> {
    const query = `event_id=${encodeURIComponent(eventId)}`;
    const path = `/_matrix/federation/v1/state_ids/${encodeURIComponent(roomId)}?${query}`;
    return await this.#ask(path, (bytes) => {
      const members = sliceMembers(bytes);
      const [state, authChain] = ['pdu_ids', 'auth_chain_ids'].map((name) => idsIn(bytes, members, name));
      return state === undefined || authChain === undefined ? undefined : { state, authChain };
    });
  }

  async getEvents(roomId: RoomId, eventIds: readonly EventId[]): Promise<GivenEvents> {
    const [elements, open]: [ElementResult[], EventId[]] = [[], []];
    for (let at = 0; at < eventIds.length; at += PARALLEL) {
      await Promise.all(
        eventIds.slice(at, at + PARALLEL).map(async (id) => {
          const answer = await this.#getEvent(id);
          if (answer === 'open') open.push(id);
          else elements.push(...answer);
        }),
      );
    }
    return { elements, open };
  }

  async #getEvent(id: EventId): Promise<readonly ElementResult[] | 'open'> {
    let isOpen = false;
    const hears = (server: ServerName, isRefused: boolean): void => {
      // Whoever cites an event has it; that another lacks it says nothing.
      if (server === this.#servers[0]) isOpen = !isRefused;
    };
    const path = `/_matrix/federation/v1/event/${encodeURIComponent(id)}`;
    const answer = await this.#ask(path, (bytes) => elementsOf(bytes, 'pdus'), { hears });
    return answer ?? (isOpen ? 'open' : []);
  }

  async getAuthChain(roomId: RoomId, eventId: EventId): Promise<readonly ElementResult[]> {
    const path = `/_matrix/federation/v1/event_auth/${encodeURIComponent(roomId)}/${encodeURIComponent(eventId)}`;
    return (await this.#ask(path, (bytes) => elementsOf(bytes, 'auth_chain'))) ?? [];
  }
}

/** Whether a server has said that it will not give something, so that asking again is of no use. */
function isRefusal(error: Error): boolean {
  return error instanceof RemoteError && !error.temporary;
}

/** The events of an array in an answer, each parsed alone; `undefined` where there is no such array. */
function elementsOf(bytes: Uint8Array, name: string): readonly ElementResult[] | undefined {
  const range = sliceMembers(bytes).get(name);
  return range === undefined ? undefined : parseElements(bytes, range);
}

function idsIn(bytes: Uint8Array, members: ReturnType<typeof sliceMembers>, name: string): EventId[] | undefined {
  const range = members.get(name);
  if (range === undefined) return undefined;
  const ids = parseElements(bytes, range).map((element) =>
    element.ok && typeof element.parsed.value === 'string' ? parseEventId(element.parsed.value) : undefined,
  );
  const good = ids.filter((id) => id !== undefined);
  return good.length === ids.length && good.length <= STATE_IDS_MAX ? good : undefined;
}
