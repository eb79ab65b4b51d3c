/** Event filters (client-server API, "Filtering"): compiled once, applied to every event of an answer. */
import { matchesGlob } from '../../lib/glob.ts';
import type { Pdu } from '../../matrix/events.ts';
import type { RoomId } from '../../matrix/ids.ts';
import { getBoolean, getString, getStrings, type JsonObject } from '../../matrix/json.ts';

/** What a filter looks at: a PDU, or an ephemeral event or account data in the same form. */
export type Filterable = Pick<Pdu, 'type' | 'sender' | 'content'>;
export type CompiledEventFilter = (event: Filterable, roomId: RoomId) => boolean;

type Test = (text: string) => boolean;

/** "A '*' can be used as a wildcard to match any sequence of characters." */
function patternTest(patterns: readonly string[]): Test {
  const exact = new Set(patterns.filter((one) => !one.includes('*')));
  const globs = patterns.filter((one) => one.includes('*'));
  return (text) => exact.has(text) || globs.some((one) => matchesGlob(one, text));
}

function exactTest(values: readonly string[]): Test {
  const set = new Set(values);
  return (text) => set.has(text);
}

/** "not_… takes precedence: an entry in both lists is excluded." */
function pair(filter: JsonObject, name: string, make: (values: readonly string[]) => Test): Test | undefined {
  const wanted = getStrings(filter, name);
  const unwanted = getStrings(filter, `not_${name}`);
  if (wanted === undefined && unwanted === undefined) return undefined;
  const isWanted = wanted === undefined ? undefined : make(wanted);
  const isUnwanted = unwanted === undefined ? undefined : make(unwanted);
  return (text) => (isWanted === undefined || isWanted(text)) && !(isUnwanted !== undefined && isUnwanted(text));
}

/** Compiles an `EventFilter` or `RoomEventFilter`. Members of wrong types are as good as absent. */
export function compileEventFilter(filter: JsonObject): CompiledEventFilter {
  const types = pair(filter, 'types', patternTest);
  const senders = pair(filter, 'senders', exactTest);
  const rooms = pair(filter, 'rooms', exactTest);
  // "If true, includes only events with a url key in their content. If false, excludes those events."
  const containsUrl = getBoolean(filter, 'contains_url');
  if (types === undefined && senders === undefined && rooms === undefined && containsUrl === undefined)
    return () => true;
  return (event, roomId) =>
    (types === undefined || types(event.type)) &&
    (senders === undefined || senders(event.sender)) &&
    (rooms === undefined || rooms(roomId)) &&
    (containsUrl === undefined || (getString(event.content, 'url') !== undefined) === containsUrl);
}

/** Whether a filter that names rooms lets anything of a room through. */
export function compileRoomFilter(filter: JsonObject): (roomId: RoomId) => boolean {
  return pair(filter, 'rooms', exactTest) ?? (() => true);
}
