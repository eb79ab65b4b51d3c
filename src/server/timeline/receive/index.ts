/**
 * Receiving events of other servers: the steps of docs/event-lifecycle.md, "Receive". What others are asked for is
 * fetched before the room's queue is taken; judging and writing happen inside it, one event after another.
 */
import { KeyedQueue } from '../../../lib/queue.ts';
import type { EventId, ServerName } from '../../../matrix/ids.ts';
import type { ElementResult } from '../../../matrix/json-slice.ts';
import { serverAclOf } from '../../../rules/membership/server-acl.ts';
import type { EventStatus, RoomNumber } from '../../../ports/store/index.ts';
import type { Context } from '../../context.ts';
import type { Room, RoomEvent, Rooms } from '../../rooms/index.ts';
import { appendJudged } from './append.ts';
import { type Batch, gather } from './gather.ts';
import { storeGroundwork } from './foundations.ts';
import { fetchHistory, storeHistory } from './history.ts';
import { toolsOf } from './room-tools.ts';
import { Beforehand, judgeIncoming } from './state-before.ts';
import { recommendAll } from './recommend.ts';
import type { EnsureKeys, EventSource } from './source.ts';
import { type OwnEvents, tieExtremities } from './tie.ts';

export { textOf } from './ingress.ts';
export { completeRoom } from './complete.ts';
export { createEmptyRoom, enterRoom } from './join.ts';
export { type EnterTools, StateIntake } from './intake.ts';
export type { EventSource, GivenEvents, MissingRequest, StateIds } from './source.ts';

/** What became of events that were received. */
export interface Received {
  readonly statuses: ReadonlyMap<EventId, EventStatus>;
  /** Those that were dropped, with the reason. */
  readonly dropped: readonly { readonly eventId: EventId | undefined; readonly why: string }[];
}

export interface ReceiveOptions {
  /** Whether the other servers in the room hear of them from us. */
  readonly isForwarded?: boolean;
  /** Whether the ends of the room are tied together afterwards, so that whoever has joined hears of all of them. */
  readonly tiesEnds?: boolean;
}

export interface ReceiverOptions {
  readonly ensureKeys: EnsureKeys;
  /** How events of ours are built and signed. */
  readonly own: OwnEvents;
}

export class Receiver {
  readonly #context: Context;
  readonly #rooms: Rooms;
  readonly #ensureKeys: EnsureKeys;
  readonly #own: OwnEvents;
  readonly #queues = new KeyedQueue<RoomNumber>();

  constructor(context: Context, rooms: Rooms, { ensureKeys, own }: ReceiverOptions) {
    this.#context = context;
    this.#own = own;
    this.#rooms = rooms;
    this.#ensureKeys = ensureKeys;
  }

  /**
   * Receives PDUs of one room that this server is in. Resolves when what was accepted is durable; throws only where
   * the store fails.
   */
  receive(
    number: RoomNumber,
    elements: readonly ElementResult[],
    source: EventSource,
    options: ReceiveOptions = {},
  ): Promise<Received> {
    // "Per room one fetch at a time": what is gathered for one batch serves the next.
    return this.#queues.run(number, async () => {
      const room = await this.#rooms.get(number);
      const acl = serverAclOf(room.lookup);
      const batch = await gather(elements, {
        room,
        source,
        tools: { context: this.#context, ensureKeys: this.#ensureKeys },
        allows: (server: ServerName) => acl.allows(server),
      });
      const events = await recommendAll(batch.events, room, (within, event) => this.#own.recommend(within, event));
      const durable = await this.#rooms.exclusively(number, (current) =>
        this.#accept(current, { ...batch, events }, options),
      );
      const written = await Promise.all(durable);
      const statuses = new Map<EventId, EventStatus>(written.map((event) => [event.eventId, event.status]));
      for (const [eventId, { status }] of batch.known) statuses.set(eventId, status);
      return { statuses, dropped: batch.dropped };
    });
  }

  /** Fetches history behind the edge of what is here. True where there is more to read than before. */
  fetchHistory(number: RoomNumber, source: EventSource): Promise<boolean> {
    return this.#queues.run(number, async () => {
      const room = await this.#rooms.get(number);
      const acl = serverAclOf(room.lookup);
      const batch = await fetchHistory({
        room,
        source,
        tools: { context: this.#context, ensureKeys: this.#ensureKeys },
        allows: (server: ServerName) => acl.allows(server),
      });
      if (batch === undefined) return false;
      return await this.#rooms.exclusively(number, async (current) => {
        await current.settled;
        return await storeHistory(batch, await toolsOf(current, this.#context, this.#rooms));
      });
    });
  }

  /** Judges and writes a batch, in the room's queue. */
  async #accept(
    room: Room,
    batch: Batch,
    { isForwarded = false, tiesEnds = false }: ReceiveOptions,
  ): Promise<readonly Promise<RoomEvent>[]> {
    const tools = await toolsOf(room, this.#context, this.#rooms);
    const beforehand = await Beforehand.lookUp(batch.events, tools);
    const durable: Promise<RoomEvent>[] = [];
    for (const incoming of batch.events) {
      const { eventId } = incoming.pdu;
      const groundwork = batch.groundwork.get(eventId);
      if (groundwork !== undefined) await storeGroundwork(groundwork, tools);
      const held = beforehand.judged(eventId);
      if (held !== undefined) {
        durable.push(room.settled.then(() => held));
        continue;
      }
      const judged = await judgeIncoming(incoming, tools, { beforehand, told: batch.told.get(eventId) });
      if (judged === undefined) continue;
      const appended = await appendJudged({ ...judged, isForwarded }, tools);
      // Whoever waits for all of them hears of the failure; until then it is nobody's.
      appended.durable.catch(() => undefined);
      durable.push(appended.durable);
    }
    await storeGroundwork(batch.rest, tools);
    await tieExtremities(tools, this.#own, tiesEnds ? 1 : undefined);
    return durable;
  }
}
