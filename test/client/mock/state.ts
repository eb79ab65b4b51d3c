/** The mock homeserver's memory: only what the client's own tests need, and no authorisation rules. */
import { randomBytes } from 'node:crypto';

export type Json = Record<string, unknown>;

export interface MockEvent extends Json {
  readonly event_id: string;
  readonly type: string;
  readonly sender: string;
  readonly room_id: string;
  readonly origin_server_ts: number;
  content: Json;
  readonly state_key?: string;
  readonly stream: number;
  unsigned?: Json;
}

export interface MockRoom {
  readonly roomId: string;
  readonly events: MockEvent[];
  readonly state: Map<string, MockEvent>;
  readonly receipts: Map<string, { eventId: string; ts: number; stream: number }>;
  typing: { users: Set<string>; stream: number };
}

export interface MockDevice {
  readonly deviceId: string;
  readonly token: string;
  readonly displayName: string;
  keys?: Json;
  readonly oneTimeKeys: Map<string, unknown>;
  readonly fallbackKeys: Map<string, unknown>;
  readonly toDevice: { stream: number; event: Json }[];
}

export interface MockUser {
  readonly userId: string;
  readonly password: string;
  displayName?: string;
  readonly devices: Map<string, MockDevice>;
  readonly accountData: Map<string, { content: Json; stream: number; roomId?: string }>;
  readonly crossSigning: { master?: Json; self_signing?: Json; user_signing?: Json };
  keysStream: number;
  backup?: { version: string; body: Json; rooms: Map<string, Map<string, Json>> };
}

/** Everything the mock remembers, and a promise that the next change resolves. */
export class MockState {
  readonly users = new Map<string, MockUser>();
  readonly rooms = new Map<string, MockRoom>();
  readonly tokens = new Map<string, { user: MockUser; device: MockDevice }>();
  readonly media = new Map<string, { bytes: Uint8Array<ArrayBuffer>; type: string }>();
  readonly transactions = new Map<string, string>();
  readonly registrationTokens = new Set(['family']);
  stream = 1;
  #wakers: (() => void)[] = [];

  next(): number {
    this.stream += 1;
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const wake of wakers) queueMicrotask(wake);
    return this.stream;
  }

  changed(): Promise<void> {
    return new Promise((resolve) => this.#wakers.push(resolve));
  }

  id(): string {
    return randomBytes(12).toString('hex');
  }

  addDevice(user: MockUser, displayName: string): MockDevice {
    const device: MockDevice = {
      deviceId: this.id().slice(0, 10).toUpperCase(),
      token: this.id(),
      displayName,
      oneTimeKeys: new Map(),
      fallbackKeys: new Map(),
      toDevice: [],
    };
    user.devices.set(device.deviceId, device);
    this.tokens.set(device.token, { user, device });
    return device;
  }

  addUser(name: string, password: string): MockUser {
    const userId = `@${name}:mock.test`;
    const user: MockUser = {
      userId,
      password,
      devices: new Map(),
      accountData: new Map(),
      crossSigning: {},
      keysStream: this.next(),
    };
    this.users.set(userId, user);
    return user;
  }

  append(
    room: MockRoom,
    sender: string,
    event: { type: string; content: Json; state_key?: string; unsigned?: Json },
  ): MockEvent {
    const stored: MockEvent = {
      ...event,
      event_id: `$${this.id()}`,
      sender,
      room_id: room.roomId,
      origin_server_ts: Date.now(),
      stream: this.next(),
    };
    room.events.push(stored);
    if (event.state_key !== undefined) room.state.set(`${event.type}\n${event.state_key}`, stored);
    return stored;
  }

  membership(room: MockRoom, userId: string): string | undefined {
    return room.state.get(`m.room.member\n${userId}`)?.content['membership'] as string | undefined;
  }

  joined(room: MockRoom): string[] {
    return [...room.state.values()]
      .filter((event) => event.type === 'm.room.member' && event.content['membership'] === 'join')
      .map((event) => event.state_key ?? '');
  }

  setMembership(room: MockRoom, sender: string, userId: string, membership: string, more: Json = {}): void {
    const displayname = this.users.get(userId)?.displayName;
    const content = { membership, ...(displayname === undefined ? {} : { displayname }), ...more };
    this.append(room, sender, { type: 'm.room.member', state_key: userId, content });
  }
}
