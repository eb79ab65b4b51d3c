import { Buffer } from 'node:buffer';
import type { DeviceId, EventId, RoomId, ServerName, UserId } from '../../matrix/ids.ts';
import type {
  AccountRecord,
  EventNumber,
  LineNumber,
  NewEvent,
  RoomNumber,
  StateReference,
  Store,
  StreamPosition,
  Transaction,
} from '../../ports/store/index.ts';

/** One statement about the Store port that every engine must make true. */
export interface Case {
  readonly name: string;
  readonly run: (kit: Kit) => Promise<void>;
}

export interface TestRoom {
  readonly number: RoomNumber;
  readonly roomId: RoomId;
  readonly line: LineNumber;
}

/** What a test event differs in from a plain message. */
export interface EventChange extends Partial<Omit<NewEvent, 'number' | 'room'>> {
  readonly content?: string;
  readonly sender?: UserId;
  readonly type?: string;
}

const ORIGIN_SERVER_TS = 1_700_000_000_000;

/** Things to test with; every name is used once, so that cases share a database and do not meet. */
export class Kit {
  readonly store: Store;
  #count = 0;

  constructor(store: Store) {
    this.store = store;
  }

  unique(): number {
    this.#count += 1;
    return this.#count;
  }

  user(): UserId {
    return `@user${this.unique()}:test.example` as UserId;
  }

  device(): DeviceId {
    return `DEVICE${this.unique()}` as DeviceId;
  }

  serverName(): ServerName {
    return `server${this.unique()}.example` as ServerName;
  }

  eventId(): EventId {
    return `$${Buffer.from(String(this.unique()).padStart(32, '.')).toString('base64url')}` as EventId;
  }

  /** Writes in a transaction of its own; gives its last position. */
  write(plan: (transaction: Transaction) => void): Promise<StreamPosition> {
    return this.store.transact((one) => {
      plan(one);
      return one.position;
    });
  }

  async account(change: Partial<AccountRecord> = {}): Promise<AccountRecord> {
    const account: AccountRecord = {
      user: this.user(),
      passwordHash: '$argon2id$x',
      createdAt: ORIGIN_SERVER_TS,
      admin: false,
      guest: false,
      locked: false,
      suspended: false,
      deactivated: false,
      ...change,
    };
    await this.store.transact((one) => {
      one.accounts.createAccount(account);
    });
    return account;
  }

  async withDevice(): Promise<{ user: UserId; device: DeviceId }> {
    const { user } = await this.account();
    const device = this.device();
    await this.store.transact((one) => {
      one.accounts.putDevice({
        user,
        device,
        displayName: 'Phone',
        createdAt: 1,
        lastSeenAt: undefined,
        dehydrated: false,
      });
    });
    return { user, device };
  }

  async room(): Promise<TestRoom> {
    const room = {
      number: this.store.allocateRoom(),
      roomId: `!room${this.unique()}:test.example` as RoomId,
      line: this.store.allocateLine(),
    };
    await this.store.transact((one) => {
      one.rooms.createRoom({ number: room.number, roomId: room.roomId, version: '12', mainLine: room.line });
    });
    return room;
  }

  event(room: TestRoom, change: EventChange = {}): Omit<NewEvent, 'position'> {
    const { content = '{"body":"hello"}', sender = '@sender:test.example', type = 'm.room.message', ...rest } = change;
    const before = '{"content":';
    return {
      number: this.store.allocateEvent(),
      eventId: this.eventId(),
      room: room.number,
      json: `${before}${content},"depth":1,"sender":"${sender}","type":"${type}"}`,
      contentStart: before.length,
      contentEnd: before.length + content.length,
      status: 'accepted',
      stateBefore: { line: room.line, position: 0 },
      depth: 1,
      originServerTs: ORIGIN_SERVER_TS,
      ...rest,
    };
  }

  /** Appends an event in a transaction of its own. */
  async append(room: TestRoom, change: EventChange = {}): Promise<NewEvent> {
    const event = this.event(room, change);
    return this.store.transact((one) => {
      const placed = { position: one.position, ...event };
      one.events.append(placed);
      return placed;
    });
  }

  /** Appends one state entry to a line and to the current state. */
  async setState(
    room: TestRoom,
    entry: { type: string; stateKey: string; position: number; event?: EventNumber; line?: LineNumber },
  ): Promise<EventNumber> {
    const event = entry.event ?? this.store.allocateEvent();
    const { type, stateKey, position, line = room.line } = entry;
    await this.store.transact((one) => {
      one.rooms.appendState(line, position, [{ type, stateKey, event }]);
      one.rooms.setCurrentState(room.number, [{ type, stateKey, event }]);
    });
    return event;
  }

  reference(room: TestRoom, position: number): StateReference {
    return { line: room.line, position };
  }
}

/** Settles a transaction that has to fail: its error. */
export async function failureOf(store: Store, plan: (transaction: Transaction) => void): Promise<unknown> {
  try {
    await store.transact(plan);
  } catch (error) {
    return error;
  }
  throw new Error('the transaction had to fail');
}
