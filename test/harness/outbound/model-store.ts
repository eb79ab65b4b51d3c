/** What the sender needs of the Store port, in memory: it outlives the sender, as a disk does. */
import assert from 'node:assert/strict';
import type { ServerName } from '../../../src/matrix/ids.ts';
import type {
  DestinationRecord,
  EventNumber,
  OutboundEduRow,
  OutboundEventRow,
  RoomNumber,
  RoomServerRow,
  Store,
  StreamPosition,
  Transaction,
  UndeliverableRow,
} from '../../../src/ports/store/index.ts';

type Place = StreamPosition | 0;
type Stay = { -readonly [key in keyof RoomServerRow]: RoomServerRow[key] };

/** The next turn of the loop: when a disk has answered. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export class ModelStore {
  position = 0 as StreamPosition;
  readonly events = new Map<EventNumber, { room: RoomNumber; json: string }>();
  readonly extremities = new Map<RoomNumber, EventNumber[]>();
  readonly stays: Stay[] = [];
  readonly destinations = new Map<ServerName, DestinationRecord>();
  readonly values = new Map<string, string>();
  readonly undeliverable: UndeliverableRow[] = [];
  readonly roomIds = new Map<number, string>();
  /** The rooms that a user of ours is in. */
  readonly memberships = new Map<string, readonly number[]>();
  readonly receipts: { user: string; room: number; thread: string | undefined; [more: string]: unknown }[] = [];
  outbound: OutboundEventRow[] = [];
  edus: OutboundEduRow[] = [];
  /** Whether every transaction fails. */
  isBroken = false;
  /** Reads and transactions that have not been answered. */
  busy = 0;
  #eduCount = 0;
  #epoch = 0;
  #given = 0;
  readonly #newest = new Map<RoomNumber, OutboundEventRow>();
  #eventCount = 0;

  /** The process that has the port now is gone: nothing more of it is written. */
  cut(): void {
    this.#epoch += 1;
  }

  /** The port, as far as the sender uses it, for one process. */
  open(): Store {
    const epoch = this.#epoch;
    const position = (): StreamPosition => this.position;
    const port = {
      get position() {
        return position();
      },
      transact: (plan: (one: Transaction) => unknown) => this.transact(plan, epoch),
      accounts: { findServerValue: (key: string) => this.#read(() => this.values.get(key)) },
      events: {
        getEventsByNumber: (numbers: readonly EventNumber[]) =>
          this.#read(() =>
            numbers.flatMap((number) => {
              const event = this.events.get(number);
              return event === undefined ? [] : [{ number, json: event.json }];
            }),
          ),
        getForwardExtremities: (room: RoomNumber) =>
          this.#read(() =>
            (this.extremities.get(room) ?? []).map((number) => ({ eventId: `$${number}`, number, depth: number })),
          ),
      },
      rooms: {
        getRooms: (numbers: readonly number[]) =>
          this.#read(() => numbers.map((number) => ({ number, roomId: this.roomIds.get(number) }))),
        listMemberships: (user: string) =>
          this.#read(() => (this.memberships.get(user) ?? []).map((room) => ({ room, user }))),
      },
      userData: {
        getOwnReceipts: (user: string, room: number) =>
          this.#read(() => this.receipts.filter((one) => one.user === user && one.room === room)),
      },
      federation: this.#federationReads(),
    };
    return port as unknown as Store;
  }

  /** Collects the writes of a plan and makes them in the next turn, in the order of the calls. */
  async transact<T>(plan: (one: Transaction) => T, epoch = this.#epoch): Promise<T> {
    const writes: (() => void)[] = [];
    const hooks: (() => void)[] = [];
    const start = this.#reserve();
    const state = { position: start };
    const one = {
      get position() {
        return state.position;
      },
      accounts: { setServerValue: (key: string, value: string) => writes.push(() => this.values.set(key, value)) },
      federation: this.#federationWrites(writes, () => state.position),
      onCommit: (hook: () => void) => hooks.push(hook),
    };
    const result = plan(one as unknown as Transaction);
    this.busy += 1;
    try {
      await turn();
      if (this.isBroken) throw new Error('the disk is full');
      if (epoch !== this.#epoch) throw new Error('the process is gone');
      for (const write of writes) write();
      this.position = Math.max(this.position, state.position) as StreamPosition;
      for (const hook of hooks) hook();
      return result;
    } finally {
      this.busy -= 1;
    }
  }

  addEvent(room: RoomNumber, json: (number: EventNumber) => string): EventNumber {
    this.#eventCount += 1;
    const number = this.#eventCount as EventNumber;
    this.events.set(number, { room, json: json(number) });
    return number;
  }

  roomNumber(room: number): RoomNumber {
    return room as RoomNumber;
  }

  serversAt(room: number, position: number): ServerName[] {
    const inside = (stay: Stay): boolean =>
      stay.room === room &&
      stay.joinedPosition < position &&
      (stay.leftPosition === undefined || stay.leftPosition >= position);
    return [...new Set(this.stays.filter(inside).map((stay) => stay.server))];
  }

  #reserve(): StreamPosition {
    this.#given = Math.max(this.#given, this.position) + 1;
    return this.#given as StreamPosition;
  }

  async #read<T>(read: () => T): Promise<T> {
    this.busy += 1;
    try {
      // What is read is what was there when the database looked, which is not when the answer is seen.
      await Promise.resolve();
      const found = read();
      await turn();
      return found;
    } finally {
      this.busy -= 1;
    }
  }

  #federationReads(): object {
    return {
      findDestination: (server: ServerName) => this.#read(() => this.destinations.get(server)),
      listDestinations: () => this.#read(() => [...this.destinations.values()]),
      listServersInRoom: (room: RoomNumber) => this.#read(() => this.serversAt(room, Number.MAX_SAFE_INTEGER)),
      listServersInRoomAt: (room: RoomNumber, position: StreamPosition) =>
        this.#read(() => this.serversAt(room, position)),
      listRoomsOfServer: (server: ServerName, since: Place) =>
        this.#read(() =>
          this.stays
            .filter((stay) => stay.server === server && (stay.leftPosition === undefined || stay.leftPosition > since))
            .map((stay) => ({ ...stay })),
        ),
      listOutboundEvents: (from: Place, to: StreamPosition, limit: number) =>
        this.#read(() => this.outbound.filter((row) => row.position > from && row.position <= to).slice(0, limit)),
      listOutboundEventsNaming: (server: ServerName, after: Place, limit: number) =>
        this.#read(() => this.outbound.filter((row) => row.also === server && row.position > after).slice(0, limit)),
      listOutboundRooms: (server: ServerName, after: Place, limit: number) =>
        this.#read(() => this.#newestOfRooms(server, after).slice(0, limit)),
      listOutboundEdus: (server: ServerName, limit: number) =>
        this.#read(() => this.edus.filter((row) => row.server === server).slice(0, limit)),
      listServersWithEdus: () => this.#read(() => [...new Set(this.edus.map((row) => row.server))]),
    };
  }

  #newestOfRooms(server: ServerName, after: Place): OutboundEventRow[] {
    const rows = this.stays
      .filter((stay) => stay.server === server && stay.leftPosition === undefined)
      .flatMap((stay) => {
        const row = this.#newest.get(stay.room);
        return row !== undefined && row.position > after && row.position > stay.joinedPosition ? [row] : [];
      });
    return rows.toSorted((left, right) => left.position - right.position);
  }

  #federationWrites(writes: (() => void)[], position: () => StreamPosition): object {
    const write = (task: () => void): void => void writes.push(task);
    return {
      putDestination: (record: DestinationRecord) =>
        write(() => {
          const lastSuccessAt = record.lastSuccessAt ?? this.destinations.get(record.server)?.lastSuccessAt;
          this.destinations.set(record.server, { ...record, lastSuccessAt });
        }),
      deleteDestination: (server: ServerName) => write(() => void this.destinations.delete(server)),
      addRoomServer: (room: RoomNumber, server: ServerName) => {
        const joinedPosition = position();
        write(() => void this.stays.push({ room, server, joinedPosition, leftPosition: undefined }));
      },
      removeRoomServer: (room: RoomNumber, server: ServerName) => {
        const leftPosition = position();
        write(() => {
          const stay = this.stays.find(
            (one) => one.room === room && one.server === server && one.leftPosition === undefined,
          );
          if (stay !== undefined) stay.leftPosition = leftPosition;
        });
      },
      putOutboundEvent: (room: RoomNumber, event: EventNumber, also?: ServerName) => {
        const row = { position: position(), room, event, also };
        write(() => {
          assert.ok((this.outbound.at(-1)?.position ?? 0) < row.position);
          this.outbound.push(row);
          this.#newest.set(room, row);
        });
      },
      deleteOutboundEventsUpTo: (end: StreamPosition) =>
        write(() => void (this.outbound = this.outbound.filter((row) => row.position > end))),
      putOutboundEdu: (server: ServerName, json: string) =>
        write(() => {
          this.#eduCount += 1;
          this.edus.push({ number: this.#eduCount, server, json });
        }),
      deleteOutboundEdus: (server: ServerName, numbers: readonly number[]) =>
        write(() => {
          const gone = new Set(numbers);
          this.edus = this.edus.filter((row) => row.server !== server || !gone.has(row.number));
        }),
      putUndeliverable: (row: UndeliverableRow) => write(() => void this.undeliverable.push(row)),
    };
  }
}
