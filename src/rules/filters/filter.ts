/** The whole filter of `/sync`, and the choice of event fields. */
import {
  asObject,
  emptyObject,
  getBoolean,
  getObject,
  getStrings,
  isObject,
  type JsonObject,
  type JsonValue,
} from '../../matrix/json.ts';
import { parsePropertyPath } from '../../matrix/property-path.ts';
import { EventFilter } from './event-filter.ts';

export interface SyncFilter {
  readonly eventFormat: 'client' | 'federation';
  /** The fields to keep, as parsed paths; `undefined` for all. */
  readonly eventFields: readonly (readonly string[])[] | undefined;
  readonly presence: EventFilter;
  readonly accountData: EventFilter;
  readonly rooms: {
    /** Applied "before the filters in `ephemeral`, `state`, `timeline` or `account_data`". */
    readonly matches: (roomId: string) => boolean;
    readonly includeLeave: boolean;
    readonly ephemeral: EventFilter;
    readonly state: EventFilter;
    readonly timeline: EventFilter;
    readonly accountData: EventFilter;
  };
}

/** Makes a filter ready; an empty object lets everything through. */
export function parseSyncFilter(filter: JsonObject): SyncFilter {
  const room = getObject(filter, 'room');
  const part = (parent: JsonObject | undefined, key: string) => new EventFilter(getObject(parent, key));
  const rooms = new EventFilter({ ...pickKeys(room, ['rooms', 'not_rooms']) });
  return {
    eventFormat: filter['event_format'] === 'federation' ? 'federation' : 'client',
    eventFields: getStrings(filter, 'event_fields')?.map(parsePropertyPath),
    presence: part(filter, 'presence'),
    accountData: part(filter, 'account_data'),
    rooms: {
      matches: (roomId) => rooms.matchesRoom(roomId),
      includeLeave: getBoolean(room, 'include_leave') ?? false,
      ephemeral: part(room, 'ephemeral'),
      state: part(room, 'state'),
      timeline: part(room, 'timeline'),
      accountData: part(room, 'account_data'),
    },
  };
}

function pickKeys(object: JsonObject | undefined, keys: readonly string[]): JsonObject {
  const picked = emptyObject();
  for (const key of keys) {
    const value = object?.[key];
    if (value !== undefined) picked[key] = value;
  }
  return picked;
}

/** Only the named fields of an event: "`['content.body']` will include the `body` field of the `content` object". */
export function pickFields(event: JsonObject, paths: readonly (readonly string[])[]): JsonObject {
  const result = emptyObject();
  for (const path of paths) {
    let from: JsonValue | undefined = event;
    let to = result;
    for (const [index, name] of path.entries()) {
      if (!isObject(from) || !Object.hasOwn(from, name)) break;
      const value: JsonValue = from[name] as JsonValue;
      if (index === path.length - 1) to[name] = value;
      else if (isObject(value)) {
        // A field that another path took whole stays whole.
        const child: JsonObject | undefined = asObject(to[name]);
        if (child === value) break;
        to[name] = child ?? emptyObject();
        to = to[name] as JsonObject;
      }
      from = value;
    }
  }
  return result;
}
