/** The lists of sliding sync: which rooms of the user pass a list's filters, the most recently active first. */
import { asObject, getString, getStrings } from '../../../matrix/json.ts';
import { parseRoomId, type RoomId, type UserId } from '../../../matrix/ids.ts';
import type { RoomNumber } from '../../../ports/store/index.ts';
import type { AccountData } from '../../account-data/index.ts';
import type { Context } from '../../context.ts';
import type { Rooms } from '../../rooms/index.ts';
import type { RoomPlace, UserIndex } from '../change-index.ts';
import type { Connection } from './connection.ts';
import { combineConfigs, type ListConfig, type ListFilters, type ParsedRequest, type RoomConfig } from './request.ts';

export interface WantedRoom {
  readonly number: RoomNumber;
  readonly config: RoomConfig;
  readonly lists: readonly string[];
}

export interface Selection {
  readonly counts: ReadonlyMap<string, number>;
  readonly rooms: readonly WantedRoom[];
}

/** What filters ask about the user's own data, read once a request. */
export interface OwnData {
  readonly directRooms: ReadonlySet<string>;
  readonly tagsOf: (room: RoomNumber) => Promise<ReadonlySet<string>>;
}

export class Lists {
  readonly #context: Context;
  readonly #rooms: Rooms;
  readonly #accountData: AccountData;

  constructor(context: Context, rooms: Rooms, accountData: AccountData) {
    this.#context = context;
    this.#rooms = rooms;
    this.#accountData = accountData;
  }

  /** The rooms that a request wants, by its lists and its subscriptions, with their combined configs. */
  async select(request: ParsedRequest, index: UserIndex, connection: Connection): Promise<Selection> {
    const own = await this.ownData(index.user);
    const ordered = [...index.byActivity()].filter((room) =>
      isListed(index.places.get(room), connection.sent(room)?.position),
    );
    const counts = new Map<string, number>();
    const wanted = new Map<RoomNumber, { configs: RoomConfig[]; lists: string[] }>();
    const want = (room: RoomNumber, config: RoomConfig, list: string | undefined): void => {
      const entry = wanted.get(room) ?? { configs: [], lists: [] };
      entry.configs.push(config);
      if (list !== undefined) entry.lists.push(list);
      wanted.set(room, entry);
    };
    for (const [name, list] of request.lists) {
      const matching = await this.#filter(ordered, list.filters, { index, own });
      counts.set(name, matching.length);
      for (const room of inRanges(matching, list)) want(room, list, name);
    }
    for (const [roomId, config] of request.subscriptions) {
      const number = await this.#subscribed(roomId, index, connection);
      if (number !== undefined) want(number, config, undefined);
    }
    const rooms = [...wanted].map(([number, { configs, lists }]) => ({
      number,
      config: combineConfigs(configs),
      lists,
    }));
    return { counts, rooms };
  }

  /** "Rooms … that they do not have permission to see, or that does not exist, should be ignored by the server." */
  async #subscribed(roomId: RoomId, index: UserIndex, connection: Connection): Promise<RoomNumber | undefined> {
    const number = await this.#rooms.findNumber(roomId);
    if (number === undefined) return undefined;
    const place = index.places.get(number);
    const isKnown = place?.forgotten === false || isListed(place, connection.sent(number)?.position);
    return isKnown ? number : undefined;
  }

  /** Direct rooms and tags of a user. */
  async ownData(user: UserId): Promise<OwnData> {
    const direct = await this.#accountData.find(user, undefined, 'm.direct');
    const rooms = Object.keys(direct ?? {}).flatMap((other) => getStrings(direct, other) ?? []);
    return {
      directRooms: new Set(rooms),
      tagsOf: async (room) => new Set(Object.keys(await this.#accountData.getTags(user, room))),
    };
  }

  async #filter(
    ordered: readonly RoomNumber[],
    filters: ListFilters,
    by: { index: UserIndex; own: OwnData },
  ): Promise<RoomNumber[]> {
    if (Object.values(filters).every((one) => one === undefined)) return [...ordered];
    const inSpaces = filters.spaces === undefined ? undefined : await this.#children(filters.spaces, by.index);
    const matching: RoomNumber[] = [];
    for (const room of ordered) if (await this.#matches(room, filters, { ...by, inSpaces })) matching.push(room);
    return matching;
  }

  async #matches(
    number: RoomNumber,
    filters: ListFilters,
    { index, own, inSpaces }: { index: UserIndex; own: OwnData; inSpaces: ReadonlySet<string> | undefined },
  ): Promise<boolean> {
    const place = index.places.get(number);
    if (filters.isInvited !== undefined && (place?.membership === 'invite') !== filters.isInvited) return false;
    const room = await this.#rooms.get(number);
    if (filters.isDm !== undefined && own.directRooms.has(room.roomId) !== filters.isDm) return false;
    const isEncrypted = room.state('m.room.encryption', '') !== undefined;
    if (filters.isEncrypted !== undefined && isEncrypted !== filters.isEncrypted) return false;
    const type = getString(room.state('m.room.create', '')?.pdu.content, 'type') ?? null;
    if (filters.notRoomTypes?.includes(type) === true || filters.roomTypes?.includes(type) === false) return false;
    if (inSpaces?.has(room.roomId) === false) return false;
    if (filters.tags === undefined && filters.notTags === undefined) return true;
    const tags = await own.tagsOf(number);
    if (filters.notTags?.some((one) => tags.has(one)) === true) return false;
    return filters.tags === undefined || filters.tags.some((one) => tags.has(one));
  }

  /** "the `m.space.child` state events for the JOINED space room IDs given": no subspaces. */
  async #children(spaces: readonly string[], index: UserIndex): Promise<Set<string>> {
    const children = new Set<string>();
    for (const text of spaces) {
      const roomId = parseRoomId(text);
      const number = roomId === undefined ? undefined : await this.#rooms.findNumber(roomId);
      if (number === undefined || index.places.get(number)?.membership !== 'join') continue;
      const entries = await this.#context.store.rooms.getCurrentStateOfType(number, 'm.space.child');
      for (const event of await this.#rooms.events.getByNumber(entries.map((one) => one.event))) {
        if (getStrings(asObject(event.pdu.content), 'via') !== undefined && event.pdu.stateKey !== undefined) {
          children.add(event.pdu.stateKey);
        }
      }
    }
    return children;
  }
}

/** "Rooms that the user has left themselves are only included if the room was previously sent to the client". */
function isListed(place: RoomPlace | undefined, sentUpTo: number | undefined): boolean {
  if (place === undefined) return false;
  // Of a forgotten room the client only has yet to learn that it was left.
  if (place.forgotten) return sentUpTo !== undefined && sentUpTo < place.position;
  return place.membership !== 'leave' || sentUpTo !== undefined || !place.byUser;
}

function inRanges(rooms: readonly RoomNumber[], list: ListConfig): RoomNumber[] {
  if (list.ranges === undefined) return [...rooms];
  const picked = new Set<RoomNumber>();
  for (const [start, end] of list.ranges) for (const room of rooms.slice(start, end + 1)) picked.add(room);
  return [...picked];
}
