/** What a client knows from its syncs. */
import { dig, type Dict } from '../../harness/answer.ts';

export interface RoomView {
  /** The list of the sync answer in which the room came last. */
  membership: 'join' | 'invite' | 'knock' | 'leave';
  /** Timeline events in the order in which they came. */
  readonly timeline: Dict[];
  /** State by `type` and state key, from state and timeline. */
  readonly state: Map<string, Dict>;
  /** Stripped state of an invite or a knock. */
  stripped: readonly Dict[];
  /** The newest content of `m.typing`. */
  typing: readonly string[];
  /** User → event id of the newest `m.read` receipt. */
  readonly receipts: Map<string, string>;
}

function list(value: unknown, ...path: readonly string[]): Dict[] {
  const found = dig(value, ...path);
  return Array.isArray(found) ? (found as Dict[]) : [];
}

function texts(value: unknown, ...path: readonly string[]): string[] {
  const found = dig(value, ...path);
  return Array.isArray(found) ? found.filter((one) => typeof one === 'string') : [];
}

function entries(value: unknown, ...path: readonly string[]): [string, unknown][] {
  const found = dig(value, ...path);
  return typeof found === 'object' && found !== null ? Object.entries(found) : [];
}

/** The key of a state event in {@link RoomView.state}. */
export function stateName(type: string, stateKey = ''): string {
  return `${type} ${stateKey}`;
}

export class View {
  readonly rooms = new Map<string, RoomView>();
  /** User → content of the newest `m.presence`. */
  readonly presence = new Map<string, Dict>();
  /** Users whose device lists have changed, as often as the server said so. */
  readonly changedDevices: string[] = [];
  readonly toDevice: Dict[] = [];

  room(id: string): RoomView | undefined {
    return this.rooms.get(id);
  }

  /** The state of a room of a type and key. */
  state(room: string, type: string, stateKey = ''): Dict | undefined {
    return this.rooms.get(room)?.state.get(stateName(type, stateKey));
  }

  membership(room: string, user: string): unknown {
    return dig(this.state(room, 'm.room.member', user), 'content', 'membership');
  }

  /** A timeline event by its id. */
  event(room: string, id: string): Dict | undefined {
    return this.rooms.get(room)?.timeline.find((event) => event['event_id'] === id);
  }

  /** The bodies of the messages, in the order in which they came. */
  bodies(room: string): unknown[] {
    const timeline = this.rooms.get(room)?.timeline ?? [];
    return timeline.filter((event) => event['type'] === 'm.room.message').map((event) => dig(event, 'content', 'body'));
  }

  /** Takes the body of a sync answer in. */
  apply(answer: unknown): void {
    for (const membership of ['invite', 'knock', 'leave', 'join'] as const) {
      for (const [id, room] of entries(answer, 'rooms', membership)) this.#applyRoom(id, membership, room);
    }
    for (const event of list(answer, 'presence', 'events')) {
      this.presence.set(String(event['sender']), (event['content'] ?? {}) as Dict);
    }
    this.changedDevices.push(...texts(answer, 'device_lists', 'changed'));
    this.toDevice.push(...list(answer, 'to_device', 'events'));
  }

  #applyRoom(id: string, membership: RoomView['membership'], given: unknown): void {
    const empty = { timeline: [], state: new Map(), stripped: [], typing: [], receipts: new Map() };
    const room: RoomView = this.rooms.get(id) ?? { membership, ...empty };
    this.rooms.set(id, room);
    room.membership = membership;
    const stripped = list(given, `${membership}_state`, 'events');
    if (stripped.length > 0) room.stripped = stripped;
    const timeline = list(given, 'timeline', 'events');
    for (const event of [...list(given, 'state', 'events'), ...timeline]) {
      const key = event['state_key'];
      if (typeof key === 'string') room.state.set(stateName(String(event['type']), key), event);
    }
    room.timeline.push(...timeline);
    for (const event of list(given, 'ephemeral', 'events')) this.#applyEphemeral(room, event);
  }

  #applyEphemeral(room: RoomView, event: Dict): void {
    if (event['type'] === 'm.typing') room.typing = texts(event, 'content', 'user_ids');
    if (event['type'] !== 'm.receipt') return;
    for (const [eventId, kinds] of entries(event, 'content')) {
      for (const [user] of entries(kinds, 'm.read')) room.receipts.set(user, eventId);
    }
  }
}
