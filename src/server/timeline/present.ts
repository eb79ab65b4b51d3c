/**
 * From events to the JSON that clients get. What all answers share stays a string; what differs by viewer is spliced
 * beside it: `unsigned` with age, transaction id, membership, redaction, previous content and bundled relations.
 */
import type { EventId, RoomId, UserId } from '../../matrix/ids.ts';
import type { EventNumber } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import type { Room, RoomEvent, Rooms } from '../rooms/index.ts';
import type { RoomView } from './room-view.ts';

export interface Viewer {
  readonly user: UserId;
  readonly device: string;
}

export interface PresentOptions {
  /** `room_id` stands in every answer but those of `/sync`. */
  readonly withRoomId: boolean;
  /** The viewer's view of the room, for what `unsigned` tells of the time of the event; without it that is left out. */
  readonly view?: RoomView | undefined;
  /** Bundled relations are left out of state lists, where nobody looks for them. */
  readonly bundle?: boolean;
}

export class Presenter {
  readonly #context: Context;
  readonly #rooms: Rooms;
  /** The state event that another one replaced: it never changes. */
  readonly #previous = new Map<EventNumber, EventNumber | undefined>();

  constructor(context: Context, rooms: Rooms) {
    this.#context = context;
    this.#rooms = rooms;
  }

  /** The events of one room as JSON texts, in their order. */
  async present(room: Room, events: readonly RoomEvent[], viewer: Viewer, options: PresentOptions): Promise<string[]> {
    if (events.length === 0) return [];
    const own = events.filter((one) => one.pdu.sender === viewer.user).map((one) => one.eventId);
    const transactions =
      own.length === 0
        ? undefined
        : await this.#context.store.events.getTransactionIds(viewer.user, viewer.device, own);
    const redactions = await this.#redactions(events);
    const previous = await this.#previousStates(events);
    const relations = options.bundle === false ? undefined : await this.#relations(room, events, viewer);
    const now = this.#context.clock.now();
    const texts: string[] = [];
    for (const event of events) {
      const parts = [`"age":${Math.max(0, now - event.pdu.originServerTs)}`];
      const transactionId = transactions?.get(event.eventId);
      if (transactionId !== undefined) parts.push(`"transaction_id":${JSON.stringify(transactionId)}`);
      if (options.view !== undefined)
        parts.push(`"membership":${JSON.stringify(await options.view.membershipAt(event))}`);
      const redaction = event.redactedBy === undefined ? undefined : redactions.get(event.redactedBy);
      if (redaction !== undefined) parts.push(`"redacted_because":${plainEvent(redaction, room.roomId)}`);
      const replaced = previous.get(event.number);
      // "Unlike `prev_content`, this field is included regardless of history visibility."
      if (replaced !== undefined) parts.push(`"replaces_state":${JSON.stringify(replaced.eventId)}`);
      if (replaced !== undefined && options.view !== undefined && (await mayKnow(replaced, event, options.view)))
        parts.push(`"prev_content":${replaced.contentText}`);
      const bundled = relations?.get(event.eventId);
      if (bundled !== undefined) parts.push(`"m.relations":${bundled}`);
      texts.push(eventText(event, options.withRoomId ? room.roomId : undefined, parts));
    }
    return texts;
  }

  /** One event, as {@link present} does. */
  async presentOne(room: Room, event: RoomEvent, viewer: Viewer, options: PresentOptions): Promise<string> {
    return (await this.present(room, [event], viewer, options))[0] ?? '{}';
  }

  async #redactions(events: readonly RoomEvent[]): Promise<Map<EventId, RoomEvent>> {
    const ids = events.flatMap((one) => one.redactedBy ?? []);
    if (ids.length === 0) return new Map();
    return new Map((await this.#rooms.events.get(ids)).map((one) => [one.eventId, one]));
  }

  /** For state events: the event each one replaced. */
  async #previousStates(events: readonly RoomEvent[]): Promise<Map<EventNumber, RoomEvent>> {
    const found = new Map<EventNumber, RoomEvent>();
    for (const event of events) {
      if (event.pdu.stateKey === undefined || event.stateBefore === undefined) continue;
      const number = await this.#previousOf(event);
      const replaced = number === undefined ? undefined : (await this.#rooms.events.getByNumber([number]))[0];
      if (replaced !== undefined) found.set(event.number, replaced);
    }
    return found;
  }

  async #previousOf(event: RoomEvent): Promise<EventNumber | undefined> {
    const { stateBefore, pdu } = event;
    if (stateBefore === undefined || pdu.stateKey === undefined) return undefined;
    if (this.#previous.has(event.number)) return this.#previous.get(event.number);
    const pair = { type: pdu.type, stateKey: pdu.stateKey };
    const number = (await this.#context.store.rooms.getStateAt(stateBefore, [pair]))[0]?.event;
    if (this.#previous.size > PREVIOUS_MAX) this.#previous.clear();
    this.#previous.set(event.number, number);
    return number;
  }

  /**
   * "m.relations": edits as the whole replacing event, threads as a summary (client-server API, "Server-side
   * aggregation"). The newest event of a room cannot have been related to yet.
   */
  async #relations(room: Room, events: readonly RoomEvent[], viewer: Viewer): Promise<Map<EventId, string>> {
    const ids = events
      .filter((one) => one.position < room.head.lastPosition && !one.isState && one.redactedBy === undefined)
      .map((one) => one.eventId);
    const bundles = new Map<EventId, string>();
    if (ids.length === 0) return bundles;
    const { store } = this.#context;
    const replacements = await store.events.getReplacements(room.number, ids);
    const threads = await store.events.getThreadSummaries(room.number, ids, viewer.user);
    for (const id of ids) {
      const parts: string[] = [];
      const edit = replacements.get(id);
      if (edit !== undefined) {
        const [loaded] = await this.#rooms.events.load([edit]);
        if (loaded !== undefined) parts.push(`"m.replace":${plainEvent(loaded, room.roomId)}`);
      }
      const thread = threads.get(id);
      if (thread !== undefined) {
        const [latest] = await this.#rooms.events.load([thread.latest]);
        const root = (await this.#rooms.events.get([id]))[0];
        if (latest !== undefined) {
          const participated = root?.pdu.sender === viewer.user || thread.participated;
          const text = await this.presentOne(room, latest, viewer, { withRoomId: true, bundle: false });
          parts.push(
            `"m.thread":{"count":${thread.count},"current_user_participated":${participated},"latest_event":${text}}`,
          );
        }
      }
      if (parts.length > 0) bundles.set(id, `{${parts.join(',')}}`);
    }
    return bundles;
  }
}

const PREVIOUS_MAX = 50_000;

/**
 * Whether a viewer may know what a state event replaced. "prev_content … is only returned if … the client has
 * permission to see the previous event": who was joined knew the state before, and everybody knows their own part.
 */
async function mayKnow(replaced: RoomEvent, event: RoomEvent, view: RoomView): Promise<boolean> {
  if (event.pdu.type === 'm.room.member' && event.pdu.stateKey === view.user) return true;
  return (await view.membershipBefore(event)) === 'join' || (await view.canSee(replaced));
}

function eventText(event: RoomEvent, roomId: RoomId | undefined, unsigned: readonly string[]): string {
  const room = roomId === undefined ? '' : `,"room_id":${JSON.stringify(roomId)}`;
  return `{${event.clientText}${room},"unsigned":{${unsigned.join(',')}}}`;
}

/** An event with nothing of the viewer in it. */
function plainEvent(event: RoomEvent, roomId: RoomId): string {
  return `{${event.clientText},"room_id":${JSON.stringify(roomId)}}`;
}
