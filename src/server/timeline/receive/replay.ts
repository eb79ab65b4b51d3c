/**
 * Judging again what arrived in a room while only a part of its state was known: event by event, in the order of
 * arrival, over the whole state before our join. Verdicts that change are changed on the disk, and every event gets the
 * whole state that it follows.
 */
import { stateKeyOfEvent } from '../../../matrix/events.ts';
import type { EventId } from '../../../matrix/ids.ts';
import { present } from '../../../lib/assert.ts';
import type { LineNumber } from '../../../ports/store/index.ts';
import type { Extremity, RoomEvent } from '../../rooms/index.ts';
import { applyRedaction, relationOf, writeRedaction } from '../commit.ts';
import { writeLines } from './append.ts';
import type { AppendTools, JudgedEvent, Redaction } from './judged-event.ts';
import { mergePlaces } from './merge.ts';
import { type Place, placeAt } from './places.ts';
import { placeOnSide } from './plan-writes.ts';
import { judgePlaced, redactionOf } from './state-before.ts';

/** Events that are judged in one turn of the room's queue. */
const STRETCH = 50;

interface Loose {
  readonly extremity: Extremity;
  readonly after: Place;
}

type Verdict = Pick<JudgedEvent, 'status' | 'why'>;

export class Replay {
  readonly #joinEvent: EventId;
  readonly #line: LineNumber;
  /** The whole state after each event that has been judged again. */
  readonly #after = new Map<EventId, Place>();
  #loose: readonly Loose[] = [];
  #current: Place = placeAt(undefined);
  /** Up to here everything that arrived has been judged again; `undefined` before the join. */
  #position: number | undefined;
  #changed = 0;
  #hasRedacted = false;
  /** What is on its way to the disk. */
  readonly #writes: Promise<unknown>[] = [];

  /** `line` begins with the whole state before the join. */
  constructor(joinEvent: EventId, line: LineNumber) {
    this.#joinEvent = joinEvent;
    this.#line = line;
  }

  /** The state of the room after everything that has been judged again. */
  get current(): Place {
    return this.#current;
  }

  get extremities(): readonly Extremity[] {
    return this.#loose.map(({ extremity }) => extremity);
  }

  /** Verdicts that have changed. */
  get changed(): number {
    return this.#changed;
  }

  /** Judges the next stretch again, in the room's queue; false where there is no more. */
  async next(tools: AppendTools): Promise<boolean> {
    const { context, room, rooms, lines } = tools;
    if (this.#position === undefined) {
      lines.open({ line: this.#line, parent: undefined, head: 0 });
      const [join] = await rooms.events.get([this.#joinEvent]);
      this.#position = present(join, 'the event by which we joined is stored').position - 1;
    }
    const rows = await context.store.events.listArrivals(room.number, this.#position, STRETCH);
    for (const event of await rooms.events.load(rows)) {
      this.#position = event.position;
      await this.#judge(event, tools);
      // What was redacted may be among those that were read with it.
      if (this.#hasRedacted) break;
    }
    this.#hasRedacted = false;
    await Promise.all(this.#writes.splice(0));
    return rows.length > 0;
  }

  async #judge(event: RoomEvent, tools: AppendTools): Promise<void> {
    // What was let in again stands behind everything else, and has been judged.
    if (this.#after.has(event.eventId)) return;
    const before = await this.#placeBefore(event, tools);
    if (before === undefined) return;
    const isJoin = event.eventId === this.#joinEvent;
    const current = this.#current;
    const verdict: Verdict = isJoin
      ? { status: 'accepted', why: undefined }
      : await judgePlaced(event.pdu, { before, current, isPartial: false }, tools);
    const after = await this.#put(event, { before, verdict }, tools);
    this.#after.set(event.eventId, after);
    if (verdict.status === 'accepted') await this.#follow(event, after, tools);
  }

  /** The state that an event follows; `undefined` where one of those before it has no place. */
  async #placeBefore(event: RoomEvent, { events, ...tools }: AppendTools): Promise<Place | undefined> {
    const { pdu, eventId, stateBefore } = event;
    if (eventId === this.#joinEvent) return placeAt({ line: this.#line, position: 0 });
    const previous = [...new Set(pdu.prevEvents)];
    const others = previous.filter((id) => !this.#after.has(id));
    // What lies before our join, or beside it, has the state that other servers have told for it.
    const found = new Map((await events.get(others)).map((one) => [one.eventId, one.stateAfter]));
    const places = previous.map((id) => {
      const state = found.get(id);
      return this.#after.get(id) ?? (state === undefined ? undefined : placeAt(state));
    });
    const known = places.filter((place) => place !== undefined);
    // Where one before it is missing, what it follows is what was told when it came.
    if (known.length < places.length && stateBefore === undefined) return undefined;
    if (known.length < places.length) known.push(placeAt(stateBefore));
    return await mergePlaces(known, { events, ...tools });
  }

  /** Gives the event its verdict and its state; the state after it. */
  async #put(
    event: RoomEvent,
    { before, verdict }: { readonly before: Place; readonly verdict: Verdict },
    tools: AppendTools,
  ): Promise<Place> {
    const { context, room, rooms } = tools;
    const { status, why } = verdict;
    const key = stateKeyOfEvent(event.pdu);
    const entersState = key !== undefined && status !== 'rejected';
    const entry = { type: event.pdu.type, stateKey: event.pdu.stateKey ?? '', event: event.number };
    const placed = await placeOnSide(before, entersState ? entry : undefined, tools);
    const isRevived = status === 'accepted' && event.status !== 'accepted';
    if (status !== event.status) this.#changed += 1;
    const relation = relationOf(event.pdu);
    const redaction = status === 'accepted' ? await this.#redactionOf(event, before, tools) : undefined;
    let made: RoomEvent | undefined;
    const durable = context.store.transact((transaction) => {
      rooms.tie(room, transaction);
      const advanced = isRevived ? transaction.advance() : undefined;
      const position = advanced ?? event.position;
      const mainHead = isRevived ? room.head.mainHead : event.mainHead;
      made = event.rejudged({ position, status, stateBefore: placed.stateBefore, mainHead });
      writeLines({ ...placed, main: [] }, tools, transaction);
      transaction.events.rejudge({
        number: event.number,
        eventId: event.eventId,
        room: room.number,
        position,
        status,
        ...(why !== undefined && { rejectedWhy: why }),
        stateBefore: placed.stateBefore,
        mainHead,
        ...(relation !== undefined && { relation }),
      });
      rooms.events.put(made);
      if (redaction?.kind === 'awaits') transaction.events.expectRedaction(redaction.target, event.eventId);
      if (redaction?.kind === 'redacts') {
        writeRedaction(redaction.target, event.eventId, { room, transaction });
        applyRedaction(redaction.target, made, { room, rooms });
        this.#hasRedacted = true;
      }
      if (advanced === undefined) return;
      room.head = { ...room.head, lastPosition: position };
      transaction.rooms.updateRoom({ number: room.number, mainLine: room.mainLine, ...room.head });
      transaction.onCommit(() => {
        context.stream.publish({ kind: 'event', position: advanced, room: room.number, event: event.number });
      });
    });
    room.track(durable);
    this.#writes.push(durable);
    // A state can be read once it is durable.
    if (placed.opened !== undefined || placed.side !== undefined) await durable;
    else durable.catch(() => undefined);
    const state = present(made, 'the transaction was planned').stateAfter;
    // What follows nothing, and was rejected for that, has no state.
    return state === undefined ? before : placeAt(state);
  }

  /** What the event redacts, now that it is known whether it may. */
  async #redactionOf({ pdu }: RoomEvent, before: Place, tools: AppendTools): Promise<Redaction | undefined> {
    if (pdu.type !== 'm.room.redaction') return undefined;
    return await redactionOf(pdu, { before, isPartial: false }, tools);
  }

  /** Moves the end of the room on, as when the event came. */
  async #follow(event: RoomEvent, after: Place, tools: AppendTools): Promise<void> {
    const cited = new Set(event.pdu.prevEvents);
    const { eventId, number, pdu } = event;
    const own = { extremity: { eventId, number, depth: pdu.depth }, after };
    const isCited = ({ extremity }: Loose): boolean => cited.has(extremity.eventId);
    this.#loose = [...this.#loose.filter((one) => !isCited(one)), own];
    this.#current = await mergePlaces(
      this.#loose.map((one) => one.after),
      tools,
    );
  }
}
