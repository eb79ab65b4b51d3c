/** `EventFilter` and `RoomEventFilter`: which events a client asked for. */
import { getBoolean, getInteger, getStrings, hasKey, type JsonObject } from '../../matrix/json.ts';

/** What a filter looks at. `roomId` is absent where the events belong to no room. */
export interface FilterSubject {
  readonly type: string;
  /** Absent where there is none, such as in account data. */
  readonly sender?: string | undefined;
  readonly roomId?: string | undefined;
  readonly content?: JsonObject | undefined;
}

/** Event types with `*` as "a wildcard to match any sequence of characters"; `?` is an ordinary character here. */
class TypeSet {
  readonly #exact: ReadonlySet<string>;
  readonly #globs: readonly { readonly literals: readonly string[] }[];

  constructor(types: readonly string[]) {
    this.#exact = new Set(types.filter((type) => !type.includes('*')));
    this.#globs = types.filter((type) => type.includes('*')).map((type) => ({ literals: type.split('*') }));
  }

  has(type: string): boolean {
    return this.#exact.has(type) || this.#globs.some(({ literals }) => matchesLiterals(literals, type));
  }
}

/** Whether `text` is these literals with anything between them. */
function matchesLiterals(literals: readonly string[], text: string): boolean {
  const first = literals[0] ?? '';
  const last = literals.at(-1) ?? '';
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const literal of literals.slice(1, -1)) {
    const found = text.indexOf(literal, at);
    if (found < 0) return false;
    at = found + literal.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

function setOf(filter: JsonObject, key: string): ReadonlySet<string> | undefined {
  const values = getStrings(filter, key);
  return values === undefined ? undefined : new Set(values);
}

function typesOf(filter: JsonObject, key: string): TypeSet | undefined {
  const types = getStrings(filter, key);
  return types === undefined ? undefined : new TypeSet(types);
}

/** A filter made ready. Parts of it that have the wrong type are treated as absent. */
export class EventFilter {
  /** "The maximum number of events to return, must be an integer greater than 0." */
  readonly limit: number | undefined;
  readonly lazyLoadMembers: boolean;
  readonly includeRedundantMembers: boolean;
  readonly unreadThreadNotifications: boolean;
  readonly #types: TypeSet | undefined;
  readonly #notTypes: TypeSet | undefined;
  readonly #senders: ReadonlySet<string> | undefined;
  readonly #notSenders: ReadonlySet<string> | undefined;
  readonly #rooms: ReadonlySet<string> | undefined;
  readonly #notRooms: ReadonlySet<string> | undefined;
  readonly #containsUrl: boolean | undefined;

  constructor(filter: JsonObject = {}) {
    const limit = getInteger(filter, 'limit');
    this.limit = limit !== undefined && limit > 0 ? limit : undefined;
    this.lazyLoadMembers = getBoolean(filter, 'lazy_load_members') ?? false;
    this.includeRedundantMembers = getBoolean(filter, 'include_redundant_members') ?? false;
    this.unreadThreadNotifications = getBoolean(filter, 'unread_thread_notifications') ?? false;
    this.#types = typesOf(filter, 'types');
    this.#notTypes = typesOf(filter, 'not_types');
    this.#senders = setOf(filter, 'senders');
    this.#notSenders = setOf(filter, 'not_senders');
    this.#rooms = setOf(filter, 'rooms');
    this.#notRooms = setOf(filter, 'not_rooms');
    this.#containsUrl = getBoolean(filter, 'contains_url');
  }

  /** Whether it lets every event of every room through. */
  get isOpen(): boolean {
    const parts = [this.#types, this.#notTypes, this.#senders, this.#notSenders, this.#rooms, this.#notRooms];
    return this.#containsUrl === undefined && parts.every((part) => part === undefined);
  }

  /** "A matching room will be excluded even if it is listed in the `rooms` filter." */
  matchesRoom(roomId: string): boolean {
    return this.#notRooms?.has(roomId) !== true && this.#rooms?.has(roomId) !== false;
  }

  /** Whether the filter lets events of this type through. */
  matchesType(type: string): boolean {
    return this.#notTypes?.has(type) !== true && this.#types?.has(type) !== false;
  }

  /** Whether the filter lets events of this sender through; what has no sender passes unless senders are listed. */
  matchesSender(sender: string | undefined): boolean {
    if (sender === undefined) return this.#senders === undefined;
    return this.#notSenders?.has(sender) !== true && this.#senders?.has(sender) !== false;
  }

  /** Whether the filter lets an event through. */
  matches(event: FilterSubject): boolean {
    if (!this.matchesType(event.type) || !this.matchesSender(event.sender)) return false;
    if (event.roomId !== undefined && !this.matchesRoom(event.roomId)) return false;
    if (this.#containsUrl === undefined) return true;
    // "If `true`, includes only events with a `url` key in their content. If `false`, excludes those events."
    return (event.content !== undefined && hasKey(event.content, 'url')) === this.#containsUrl;
  }
}
