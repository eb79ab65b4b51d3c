/**
 * Simplified sliding sync (MSC4186): windows over the user's rooms by activity, subscriptions to single rooms, and
 * extensions for the rest. Fed from the same change index as `/sync`.
 */
import type { DeviceId } from '../../../matrix/ids.ts';
import type { JsonObject } from '../../../matrix/json.ts';
import type { RoomNumber } from '../../../ports/store/index.ts';
import type { AccountData } from '../../account-data/index.ts';
import type { Presence, PresenceState } from '../../presence/index.ts';
import type { Viewer } from '../../timeline/index.ts';
import type { Typing } from '../../typing/index.ts';
import type { ChangeIndex, UserIndex } from '../change-index.ts';
import type { Connection, SentRoom, Serials, Turn } from './connection.ts';
import { Connections } from './connections.ts';
import { type ExtensionParts, SlidingExtensions } from './extensions.ts';
import { Lists, type WantedRoom } from './lists.ts';
import { type ParsedRequest, parseRequest, wantsAllMembers } from './request.ts';
import { type ResultParts, RoomResults, stateText } from './room-result.ts';

export interface SlidingRequest {
  readonly viewer: Viewer & { readonly device: DeviceId };
  readonly body: JsonObject;
  readonly pos: string | undefined;
  readonly timeoutMs: number;
  readonly setPresence: PresenceState;
  readonly signal: AbortSignal;
}

export interface SlidingParts extends ResultParts, ExtensionParts {
  readonly index: ChangeIndex;
  readonly typing: Typing;
  readonly presence: Presence;
  readonly accountData: AccountData;
  readonly epoch: string;
}

const TIMEOUT_MAX_MS = 120_000;

interface Work {
  readonly request: SlidingRequest;
  readonly parsed: ParsedRequest;
  readonly connection: Connection;
  readonly turn: Turn;
  readonly index: UserIndex;
  readonly to: number;
}

interface Answer {
  readonly text: string;
  readonly hasNews: boolean;
}

export class SlidingSync {
  readonly #parts: SlidingParts;
  readonly #connections: Connections;
  readonly #lists: Lists;
  readonly #results: RoomResults;
  readonly #extensions: SlidingExtensions;
  #serial = 0;

  constructor(parts: SlidingParts) {
    this.#parts = parts;
    this.#connections = new Connections(parts.context);
    this.#lists = new Lists(parts.context, parts.rooms, parts.accountData);
    this.#results = new RoomResults(parts);
    this.#extensions = new SlidingExtensions(parts);
  }

  /** Writes the connections that have changed, and no more from then on: before a stop. */
  close(): Promise<void> {
    return this.#connections.close();
  }

  /** Answers at once where there is news or the connection is new, else when there is some or the time is over. */
  async sync(request: SlidingRequest): Promise<string> {
    const { context, index, presence } = this.#parts;
    const { viewer } = request;
    const parsed = parseRequest(request.body, viewer.user);
    const owner = { user: viewer.user, device: viewer.device, connection: parsed.connection };
    const connection = await this.#connections.open(owner, request.pos);
    const turn = connection.begin();
    const { signal } = request;
    const endPresence = presence.beginSync(viewer.user, request.setPresence);
    try {
      const deadline = context.clock.monotonic() + Math.min(Math.max(request.timeoutMs, 0), TIMEOUT_MAX_MS);
      for (;;) {
        const userIndex = await index.get(viewer.user);
        const to = context.store.position as number;
        const answer = await this.#answer({ request, parsed, connection, turn, index: userIndex, to });
        if (turn.isOver && request.pos !== undefined) return repeatable(request.pos);
        const leftMs = deadline - context.clock.monotonic();
        const isDue = answer.hasNews || request.pos === undefined || leftMs <= 0 || signal.aborted;
        if (isDue) return answer.text;
        if ((context.store.position as number) === to) await index.wait({ ...viewer, timeoutMs: leftMs, signal, turn });
      }
    } finally {
      endPresence();
    }
  }

  async #answer(work: Work): Promise<Answer> {
    const { request, parsed, connection, turn, index, to } = work;
    const { typing, presence, epoch } = this.#parts;
    const serials: Serials = { typing: typing.serial, presence: presence.serial };
    const selection = await this.#lists.select(parsed, index, connection);
    const { directRooms } = await this.#lists.ownData(index.user);
    const texts: string[] = [];
    const sent = new Map<RoomNumber, SentRoom>();
    const initial = new Set<RoomNumber>();
    for (const wanted of selection.rooms) {
      const told = await this.#room(work, wanted, directRooms);
      if (told === undefined) continue;
      if (told.isInitial) initial.add(wanted.number);
      sent.set(wanted.number, told.sent);
      if (told.text !== undefined) texts.push(told.text);
    }
    const extensions = await this.#extensions.get({
      user: request.viewer.user,
      device: request.viewer.device,
      parsed,
      index,
      from: connection.position,
      to,
      serials: connection.serials,
      followed: new Set(selection.rooms.map((one) => one.number)),
      initial,
    });
    this.#serial += 1;
    const pos = `s${to}_${this.#serial.toString(36)}_${epoch}`;
    const hasNews = texts.length > 0 || extensions.hasNews;
    if (!turn.isOver) connection.send({ pos, position: to, serials, rooms: sent });
    const counts = [...selection.counts].map(([name, count]) => `${JSON.stringify(name)}:{"count":${count}}`);
    const text =
      `{"pos":"${pos}","lists":{${counts.join(',')}},"rooms":{${texts.join(',')}},` +
      `"extensions":{${extensions.texts.join(',')}}}`;
    return { text, hasNews };
  }

  /** One wanted room; `undefined` where nothing in it has changed since it was sent. */
  async #room(
    { request, parsed, connection, index, to }: Work,
    wanted: WantedRoom,
    directRooms: ReadonlySet<string>,
  ): Promise<{ text: string | undefined; sent: SentRoom; isInitial: boolean } | undefined> {
    const { number, config } = wanted;
    const before = connection.sent(number);
    const requiredState = stateText(config.requiredState);
    const place = index.places.get(number);
    if (place === undefined) return undefined;
    const isSame =
      before !== undefined &&
      before.position >= index.positionOf(number) &&
      before.timelineLimit >= config.timelineLimit &&
      before.requiredState === requiredState;
    const room = await this.#parts.rooms.get(number);
    // Whoever wants all members is told of the room once they are known.
    if (room.partial !== undefined && place.membership === 'join' && wantsAllMembers(config)) return undefined;
    const isDm = directRooms.has(room.roomId);
    if (isSame && before.isDm === isDm) return undefined;
    const { text, counts, isInitial } = await this.#results.get({
      viewer: request.viewer,
      connection: `${request.viewer.user} ${request.viewer.device} ${parsed.connection}`,
      room,
      place,
      config,
      lists: wanted.lists,
      sent: before,
      isDm,
      liveFrom: connection.position ?? 0,
      to,
    });
    const timelineLimit = Math.max(config.timelineLimit, before?.timelineLimit ?? 0);
    const sent = { position: to, timelineLimit, requiredState, isDm, counts };
    return { text: text === undefined ? undefined : `${JSON.stringify(room.roomId)}:${text}`, sent, isInitial };
  }
}

/** What a request gets whose place another one has taken: nothing new, and the position that it came with. */
function repeatable(pos: string): string {
  return `{"pos":${JSON.stringify(pos)},"lists":{},"rooms":{},"extensions":{}}`;
}
