/** Lazy-loaded members, and the summary of a room: heroes and counts. */
import { boundedMap } from '../bounded-map.ts';
import type { UserId } from '../../matrix/ids.ts';
import { getString } from '../../matrix/json.ts';
import type { Room, RoomEvent, Rooms } from '../rooms/index.ts';

export interface Hero {
  readonly user: UserId;
  readonly displayName: string | undefined;
  readonly avatarUrl: string | undefined;
}

export interface FreshRequest {
  readonly users: Iterable<string>;
  /** The events that they are wanted for. */
  readonly timeline: readonly RoomEvent[];
  /** Whether those are given too that the connection has. */
  readonly redundant: boolean;
}

const SENT_MAX = 50_000;
/** "at most five … ordered by stream ordering". */
const HEROES_MAX = 5;

export class SyncMembers {
  readonly #rooms: Rooms;
  /** Member events that a connection has been sent: losing it costs only repeated events. */
  readonly #sent = boundedMap<string, Map<string, RoomEvent['number']>>(SENT_MAX);

  constructor(rooms: Rooms) {
    this.#rooms = rooms;
  }

  /** A connection begins anew in a room: it has nothing. */
  reset(connection: string, room: Room): void {
    this.#sent.delete(`${connection} ${room.number}`);
  }

  /**
   * The current member events of `users` that the connection does not have yet. With `redundant` all of them:
   * "include_redundant_members: sends all membership events for all events, even if they have already been sent".
   */
  async fresh(connection: string, room: Room, { users, timeline, redundant }: FreshRequest): Promise<RoomEvent[]> {
    const wanted = new Set(users);
    if (wanted.size === 0) return [];
    const members = await this.#rooms.memberEvents(room, wanted, timeline);
    const key = `${connection} ${room.number}`;
    const sent = this.#sent.get(key) ?? new Map<string, RoomEvent['number']>();
    this.#sent.set(key, sent);
    const fresh: RoomEvent[] = [];
    for (const user of wanted) {
      const event = members.get(user);
      if (event === undefined || (!redundant && sent.get(user) === event.number)) continue;
      sent.set(user, event.number);
      fresh.push(event);
    }
    return fresh;
  }

  /**
   * Of member events that a gap has skipped, those which replace one that the connection has: it would show an old name
   * for ever. All of them where nobody remembers what it has.
   */
  replacing(connection: string, room: Room, events: readonly RoomEvent[]): RoomEvent[] {
    const sent = this.#sent.get(`${connection} ${room.number}`);
    return events.filter(({ pdu }) => pdu.type === 'm.room.member' && sent?.has(pdu.stateKey ?? '') !== false);
  }

  /** Notes member events that an answer carries anyway. */
  note(connection: string, room: Room, events: readonly RoomEvent[]): void {
    const key = `${connection} ${room.number}`;
    const sent = this.#sent.get(key) ?? new Map<string, RoomEvent['number']>();
    for (const event of events) {
      if (event.pdu.type === 'm.room.member') sent.set(event.pdu.stateKey ?? '', event.number);
    }
    this.#sent.set(key, sent);
  }

  /** "The users which can be used to generate a room name if the room does not have one". */
  async heroes(room: Room, user: UserId): Promise<Hero[] | undefined> {
    const text = (type: string, key: string): string => getString(room.state(type, '')?.pdu.content, key) ?? '';
    if (text('m.room.name', 'name') !== '' || text('m.room.canonical_alias', 'alias') !== '') return undefined;
    const others = (members: readonly RoomEvent[]): RoomEvent[] => members.filter(({ pdu }) => pdu.stateKey !== user);
    let members = others(await this.#rooms.getMembers(room, ['join', 'invite']));
    // "If all members … have left … the heroes are the banned and departed".
    if (members.length === 0) members = others(await this.#rooms.getMembers(room, ['leave', 'ban']));
    return members
      .toSorted((left, right) => left.position - right.position)
      .slice(0, HEROES_MAX)
      .map(({ pdu }) => ({
        user: pdu.stateKey as UserId,
        displayName: getString(pdu.content, 'displayname'),
        avatarUrl: getString(pdu.content, 'avatar_url'),
      }));
  }
}
