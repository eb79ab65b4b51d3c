/** What one server knows of a room, read for the checks. */
import { stateKeyOf } from '../../../src/matrix/events.ts';
import type { EventId, RoomId } from '../../../src/matrix/ids.ts';
import type { StateReference } from '../../../src/ports/store/index.ts';
import type { Room, RoomEvent } from '../../../src/server/rooms/index.ts';
import type { Services } from '../../../src/server/services.ts';
import type { SimulatedServer } from '../world/server.ts';

/** `type` and `state_key` as one text → the event. */
export type State = ReadonlyMap<string, RoomEvent>;

export class RoomView {
  readonly server: SimulatedServer;
  readonly room: Room;
  /** Every event that has a place, by id. */
  readonly events = new Map<EventId, RoomEvent>();
  readonly #services: Services;
  readonly #states = new Map<string, Promise<State>>();

  private constructor(server: SimulatedServer, room: Room) {
    this.server = server;
    this.room = room;
    this.#services = server.services;
  }

  static async of(server: SimulatedServer, roomId: string): Promise<RoomView> {
    const view = new RoomView(server, await server.services.rooms.require(roomId as RoomId));
    await view.#load();
    return view;
  }

  get name(): string {
    return this.server.name;
  }

  /** Whether the server takes part in the room. */
  get isInRoom(): boolean {
    return this.room.localJoined.size > 0;
  }

  /** Walks back from the newest events. */
  async #load(): Promise<void> {
    for (let layer = this.room.extremities.map((one) => one.eventId); layer.length > 0; ) {
      const events = await this.#services.rooms.events.get(layer.filter((id) => !this.events.has(id)));
      layer = [];
      for (const event of events) {
        if (event.stateBefore === undefined) continue;
        this.events.set(event.eventId, event);
        layer.push(...event.pdu.prevEvents);
      }
    }
  }

  stateAt(reference: StateReference): Promise<State> {
    const key = `${reference.line} ${reference.position}`;
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const state = this.#services.rooms
      .getStateAt(reference)
      .then((events) => new Map(events.map((one) => [stateKeyOf(one.pdu.type, one.pdu.stateKey ?? ''), one])));
    this.#states.set(key, state);
    return state;
  }

  /** The state that an event with a place follows. */
  stateBefore({ stateBefore }: RoomEvent): Promise<State> {
    return stateBefore === undefined ? Promise.resolve(new Map()) : this.stateAt(stateBefore);
  }

  currentState(): Promise<State> {
    return this.stateAt(this.room.stateReference);
  }

  get extremities(): string {
    return this.room.extremities
      .map((one) => one.eventId)
      .sort()
      .join();
  }

  /** Whatever the store has of these, by id. */
  async stored(ids: readonly string[]): Promise<ReadonlyMap<string, RoomEvent>> {
    const events = await this.#services.rooms.events.get(ids as readonly EventId[]);
    return new Map(events.map((event) => [event.eventId, event]));
  }

  get services(): Services {
    return this.#services;
  }
}

/** A state as one comparable text. */
export function textOf(state: State): string {
  return [...state]
    .map(([key, event]) => `${key} ${event.eventId}`)
    .sort()
    .join('\n');
}
