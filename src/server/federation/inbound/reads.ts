/** What other servers may read of our rooms: events, states, auth chains, history. Answers are JSON texts. */
import { assert } from '../../../lib/assert.ts';
import { canonicalJson } from '../../../matrix/canonical-json.ts';
import { MatrixError } from '../../../matrix/errors.ts';
import type { EventId, RoomId, ServerName } from '../../../matrix/ids.ts';
import { Heap } from '../../../lib/heap.ts';
import { asObject } from '../../../matrix/json.ts';
import { parsePduJson } from '../../../matrix/json-parse.ts';
import type { RoomVersionRules } from '../../../matrix/room-versions.ts';
import { redact } from '../../../rules/redaction/redact.ts';
import type { Context } from '../../context.ts';
import type { Room, RoomEvent, Rooms } from '../../rooms/index.ts';
import type { Access } from './access.ts';

/** "limit: The maximum number of PDUs to retrieve": what we give at most. */
const BACKFILL_MAX = 100;
const MISSING_MAX = 50;
/** Events that one walk looks at: ids that lead nowhere cost no more than that (adv-068). */
const VISITED_MAX = 500;
/** Ids that one request may start from. */
const STARTS_MAX = 100;

export interface ReadParts {
  readonly context: Context;
  readonly rooms: Rooms;
  readonly access: Access;
}

export class FederationReads {
  readonly #parts: ReadParts;

  constructor(parts: ReadParts) {
    this.#parts = parts;
  }

  #transaction(texts: readonly string[]): string {
    const { context } = this.#parts;
    const head = `{"origin":${JSON.stringify(context.serverName)},"origin_server_ts":${context.clock.now()}`;
    return `${head},"pdus":[${texts.join(',')}]}`;
  }

  /** The stored texts of events, in their order. */
  async #texts(ids: readonly EventId[]): Promise<string[]> {
    const rows = await this.#parts.context.store.events.getEvents(ids);
    const byId = new Map(rows.map((row) => [row.eventId, row.json]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  }

  /** The texts of events as a server may see them: what it may not see it gets in redacted form. */
  async #visibleTexts(room: Room, events: readonly RoomEvent[], origin: ServerName): Promise<string[]> {
    const rows = await this.#parts.context.store.events.getEvents(events.map(({ eventId }) => eventId));
    const texts = new Map(rows.map((row) => [row.eventId, row.json]));
    const seen: string[] = [];
    for (const event of events) {
      const text = texts.get(event.eventId);
      if (text === undefined) continue;
      const isVisible = await this.#parts.access.canSee(room, event, origin);
      seen.push(isVisible ? text : redactedText(text, room.rules));
    }
    return seen;
  }

  /** `GET /event/{eventId}`. An event that the asker may not see is as unknown as one that does not exist. */
  async getEvent(eventId: EventId, origin: ServerName): Promise<string> {
    const { rooms, access } = this.#parts;
    const unknown = new MatrixError('M_NOT_FOUND', 'There is no such event');
    const found = await rooms.events.find(eventId);
    if (found === undefined) throw unknown;
    const room = await access.requireInRoom((await rooms.get(found.room)).roomId, origin).catch((error: unknown) => {
      throw error instanceof MatrixError ? unknown : error;
    });
    const event = await access.requireEvent(room, eventId);
    if (!(await access.canSee(room, event, origin))) throw unknown;
    return this.#transaction(await this.#texts([eventId]));
  }

  /** The state before an event and what it stands on, in ids. Throws where its place is not known. */
  async #stateBefore(
    roomId: RoomId,
    eventId: EventId,
    origin: ServerName,
  ): Promise<{ state: EventId[]; authChain: EventId[] }> {
    const { rooms, access } = this.#parts;
    const room = await access.requireInRoom(roomId, origin);
    access.requireWhole(room);
    await room.settled;
    const event = await access.requireEvent(room, eventId);
    if (event.stateBefore === undefined) throw new MatrixError('M_NOT_FOUND', 'There is no such event');
    const state = await rooms.getStateAt(event.stateBefore);
    const chain = await this.authChain(state.flatMap(({ pdu }) => pdu.authEvents));
    return { state: state.map((one) => one.eventId), authChain: chain };
  }

  /** `GET /state_ids/{roomId}`. */
  async getStateIds(roomId: RoomId, eventId: EventId, origin: ServerName): Promise<string> {
    const { state, authChain } = await this.#stateBefore(roomId, eventId, origin);
    return JSON.stringify({ auth_chain_ids: authChain, pdu_ids: state });
  }

  /** `GET /state/{roomId}`. */
  async getState(roomId: RoomId, eventId: EventId, origin: ServerName): Promise<string> {
    const { state, authChain } = await this.#stateBefore(roomId, eventId, origin);
    const [chain, pdus] = await Promise.all([this.#texts(authChain), this.#texts(state)]);
    return `{"auth_chain":[${chain.join(',')}],"pdus":[${pdus.join(',')}]}`;
  }

  /** `GET /event_auth/{roomId}/{eventId}`: "the complete auth chain". */
  async getEventAuth(roomId: RoomId, eventId: EventId, origin: ServerName): Promise<string> {
    const { access } = this.#parts;
    const room = await access.requireInRoom(roomId, origin);
    const event = await access.requireEvent(room, eventId);
    const chain = await this.#texts(await this.authChain(event.pdu.authEvents));
    return `{"auth_chain":[${chain.join(',')}]}`;
  }

  /** Events and everything that they stand on, each once. */
  async authChain(starts: readonly EventId[]): Promise<EventId[]> {
    const found = new Set<EventId>();
    for (let layer = new Set(starts); layer.size > 0; ) {
      const events = await this.#parts.rooms.events.get([...layer]);
      layer = new Set();
      for (const event of events) {
        found.add(event.eventId);
        for (const id of event.pdu.authEvents) if (!found.has(id)) layer.add(id);
      }
    }
    return [...found];
  }

  /** `GET /backfill/{roomId}`: the given events and what came before them, the newest first. */
  async backfill(
    roomId: RoomId,
    { from, limit }: { from: readonly EventId[]; limit: number },
    origin: ServerName,
  ): Promise<string> {
    const room = await this.#parts.access.requireInRoom(roomId, origin);
    await room.settled;
    const events = await this.#walk(room, from, {
      limit: Math.min(Math.max(limit, 1), BACKFILL_MAX),
      until: new Set(),
    });
    return this.#transaction(await this.#visibleTexts(room, events, origin));
  }

  /** `POST /get_missing_events/{roomId}`: what lies between what the asker has and what it has heard of. */
  async getMissingEvents(
    roomId: RoomId,
    request: { earliest: readonly EventId[]; latest: readonly EventId[]; limit: number; minDepth: number },
    origin: ServerName,
  ): Promise<string> {
    const { rooms, access } = this.#parts;
    const room = await access.requireInRoom(roomId, origin);
    await room.settled;
    const until = new Set(request.earliest);
    const latest = await rooms.events.get(request.latest.slice(0, STARTS_MAX));
    const starts = latest.filter((event) => event.room === room.number).flatMap(({ pdu }) => pdu.prevEvents);
    const limit = Math.min(Math.max(request.limit, 1), MISSING_MAX);
    const events = await this.#walk(room, starts, { limit, until });
    const deep = events.filter(({ pdu }) => pdu.depth >= request.minDepth).reverse();
    return `{"events":[${(await this.#visibleTexts(room, deep, origin)).join(',')}]}`;
  }

  /** Walks from events to those before them, the newest first; never into another room. */
  async #walk(
    room: Room,
    starts: readonly EventId[],
    { limit, until }: { limit: number; until: ReadonlySet<EventId> },
  ): Promise<RoomEvent[]> {
    const { rooms } = this.#parts;
    const open = new Heap<RoomEvent>((left, right) => right.pdu.depth - left.pdu.depth || right.number - left.number);
    const seen = new Set<EventId>(until);
    const look = async (ids: readonly EventId[]): Promise<void> => {
      const fresh = ids.filter((id) => !seen.has(id)).slice(0, Math.max(0, VISITED_MAX + until.size - seen.size));
      for (const id of fresh) seen.add(id);
      for (const event of await rooms.events.get(fresh)) {
        const isPart = event.room === room.number && event.status !== 'rejected' && event.stateBefore !== undefined;
        if (isPart) open.push(event);
      }
    };
    await look(starts.slice(0, STARTS_MAX));
    const found: RoomEvent[] = [];
    while (found.length < limit) {
      const next = open.pop();
      if (next === undefined) break;
      found.push(next);
      await look(next.pdu.prevEvents);
    }
    return found;
  }

  /** `GET /timestamp_to_event/{roomId}`. */
  async findByTimestamp(
    roomId: RoomId,
    { timestamp, direction }: { timestamp: number; direction: 'backwards' | 'forwards' },
    origin: ServerName,
  ): Promise<{ event_id: string; origin_server_ts: number }> {
    const { context, rooms, access } = this.#parts;
    const room = await access.requireInRoom(roomId, origin);
    const stored = await context.store.events.findByTimestamp(room.number, timestamp, direction);
    const [event] = stored === undefined ? [] : await rooms.events.load([stored]);
    if (event === undefined || !(await access.canSee(room, event, origin))) {
      throw new MatrixError('M_NOT_FOUND', 'There is no event near that time');
    }
    return { event_id: event.eventId, origin_server_ts: event.pdu.originServerTs };
  }
}

/** The redacted form of a stored event, with its signatures, by which the asker knows it: memory has none of ours. */
function redactedText(text: string, rules: RoomVersionRules): string {
  const event = asObject(parsePduJson(text).value);
  assert(event !== undefined, 'a stored event is an object');
  return canonicalJson(redact(event, rules), { rawNumbers: !rules.strictCanonicalJson });
}
