/**
 * Requests of simplified sliding sync in one form. Two are in use: that of MSC4186 as it stands now (`range`,
 * `required_state` as an object, everything in the body), and the one that deployed clients speak (`ranges`,
 * `required_state` as pairs with `*`, `$LAZY` and `$ME`, `pos` and `timeout` in the query). Both are understood
 * everywhere. Pure.
 */
import { MatrixError } from '../../../matrix/errors.ts';
import { parseRoomId, type RoomId, type UserId } from '../../../matrix/ids.ts';
import {
  asArray,
  asInteger,
  asObject,
  asString,
  getArray,
  getBoolean,
  getInteger,
  getObject,
  getString,
  getStrings,
  isObject,
  type JsonObject,
  type JsonValue,
} from '../../../matrix/json.ts';

/** One wish for state: a type and a state key, each `undefined` for all. */
export interface StateWish {
  readonly type: string | undefined;
  readonly stateKey: string | undefined;
}

export interface RequiredState {
  readonly include: readonly StateWish[];
  readonly exclude: readonly StateWish[];
  readonly lazyMembers: boolean;
}

export interface RoomConfig {
  readonly timelineLimit: number;
  readonly requiredState: RequiredState;
}

export interface ListFilters {
  readonly isDm: boolean | undefined;
  readonly isEncrypted: boolean | undefined;
  readonly isInvited: boolean | undefined;
  readonly spaces: readonly string[] | undefined;
  readonly roomTypes: readonly (string | null)[] | undefined;
  readonly notRoomTypes: readonly (string | null)[] | undefined;
  readonly tags: readonly string[] | undefined;
  readonly notTags: readonly string[] | undefined;
}

export interface ListConfig extends RoomConfig {
  /** Inclusive; `undefined` for the whole list. */
  readonly ranges: readonly (readonly [number, number])[] | undefined;
  readonly filters: ListFilters;
}

export interface Extensions {
  readonly toDevice: { readonly limit: number; readonly since: string | undefined } | undefined;
  readonly e2ee: boolean;
  readonly accountData: boolean;
  readonly receipts: boolean;
  readonly typing: boolean;
  readonly presence: boolean;
  readonly threads: boolean;
}

export interface ParsedRequest {
  readonly connection: string;
  readonly lists: ReadonlyMap<string, ListConfig>;
  readonly subscriptions: ReadonlyMap<RoomId, RoomConfig>;
  readonly extensions: Extensions;
}

// "Max lists: 100 … Max subscriptions: 100."
const LISTS_MAX = 100;
const SUBSCRIPTIONS_MAX = 100;
/** Of one list: clients send two or three. */
const RANGES_MAX = 100;
/** Wishes of one required state: each is compared with each event, and remembered for each room. */
const WISHES_MAX = 500;
const TIMELINE_MAX = 100;
const TO_DEVICE_MAX = 100;
const CONNECTION_MAX = 64;

/** Reads a body. Throws `M_INVALID_PARAM`. */
export function parseRequest(body: JsonObject, user: UserId): ParsedRequest {
  const connection = getString(body, 'conn_id') ?? '';
  if (connection.length > CONNECTION_MAX) throw new MatrixError('M_INVALID_PARAM', 'conn_id is too long');
  const lists = Object.entries(getObject(body, 'lists') ?? {});
  const subscriptions = Object.entries(getObject(body, 'room_subscriptions') ?? {});
  if (lists.length > LISTS_MAX) throw new MatrixError('M_INVALID_PARAM', `At most ${LISTS_MAX} lists`);
  if (subscriptions.length > SUBSCRIPTIONS_MAX) {
    throw new MatrixError('M_INVALID_PARAM', `At most ${SUBSCRIPTIONS_MAX} room subscriptions`);
  }
  const rooms = subscriptions.flatMap(([id, config]) => {
    const roomId = parseRoomId(id);
    return roomId === undefined ? [] : [[roomId, roomConfig(config, user)] as const];
  });
  return {
    connection,
    lists: new Map(lists.map(([name, config]) => [name, listConfig(config, user)])),
    subscriptions: new Map(rooms),
    extensions: readExtensions(getObject(body, 'extensions') ?? {}),
  };
}

function roomConfig(value: JsonValue, user: UserId): RoomConfig {
  const config = asObject(value);
  if (config === undefined) throw new MatrixError('M_INVALID_PARAM', 'A room config is an object');
  return {
    timelineLimit: Math.min(Math.max(getInteger(config, 'timeline_limit') ?? 0, 0), TIMELINE_MAX),
    requiredState: requiredState(config['required_state'], user),
  };
}

function listConfig(value: JsonValue, user: UserId): ListConfig {
  const config = asObject(value) ?? {};
  return {
    ...roomConfig(value, user),
    ranges: readRanges(config),
    filters: readFilters(getObject(config, 'filters') ?? {}),
  };
}

function readRanges(config: JsonObject): [number, number][] | undefined {
  const single = asArray(config['range']);
  const many = asArray(config['ranges']);
  if (single === undefined && many === undefined) return undefined;
  const entries = single === undefined ? (many ?? []) : [single];
  if (entries.length > RANGES_MAX) throw new MatrixError('M_INVALID_PARAM', `At most ${RANGES_MAX} ranges`);
  return entries.map((entry) => {
    const [start, end] = (asArray(entry) ?? []).map((one) => asInteger(one));
    if (start === undefined || end === undefined || start < 0 || end < start) {
      throw new MatrixError('M_INVALID_PARAM', 'A range is two integers, the first not above the second');
    }
    return [start, end];
  });
}

function readFilters(filters: JsonObject): ListFilters {
  const types = (name: string): (string | null)[] | undefined =>
    getArray(filters, name)?.filter((one): one is string | null => one === null || typeof one === 'string');
  return {
    isDm: getBoolean(filters, 'is_dm'),
    isEncrypted: getBoolean(filters, 'is_encrypted'),
    isInvited: getBoolean(filters, 'is_invited') ?? getBoolean(filters, 'is_invite'),
    spaces: getStrings(filters, 'spaces'),
    roomTypes: types('room_types'),
    notRoomTypes: types('not_room_types'),
    tags: getStrings(filters, 'tags'),
    notTags: getStrings(filters, 'not_tags'),
  };
}

function requiredState(value: JsonValue | undefined, user: UserId): RequiredState {
  const required = readRequiredState(value, user);
  if (required.include.length + required.exclude.length > WISHES_MAX) {
    throw new MatrixError('M_INVALID_PARAM', `At most ${WISHES_MAX} entries of required_state`);
  }
  return required;
}

function readRequiredState(value: JsonValue | undefined, user: UserId): RequiredState {
  const pairs = asArray(value);
  if (pairs !== undefined) return pairState(pairs, user);
  const object = asObject(value) ?? {};
  const wishes = (name: string): StateWish[] =>
    (getArray(object, name) ?? [])
      .filter(isObject)
      .map((one) => ({ type: getString(one, 'type'), stateKey: getString(one, 'state_key') }));
  return {
    include: wishes('include'),
    exclude: wishes('exclude'),
    lazyMembers: getBoolean(object, 'lazy_members') === true,
  };
}

/** `[["m.room.member", "$LAZY"], ["m.room.member", "$ME"], ["*", "*"]]` */
function pairState(pairs: readonly JsonValue[], user: UserId): RequiredState {
  const include: StateWish[] = [];
  let lazyMembers = false;
  for (const pair of pairs) {
    const [type, stateKey] = (asArray(pair) ?? []).map((one) => asString(one));
    if (type === undefined || stateKey === undefined) continue;
    if (type === 'm.room.member' && stateKey === '$LAZY') lazyMembers = true;
    else {
      const key = stateKey === '$ME' ? user : stateKey;
      include.push({ type: type === '*' ? undefined : type, stateKey: key === '*' ? undefined : key });
    }
  }
  return { include, exclude: [], lazyMembers };
}

function readExtensions(extensions: JsonObject): Extensions {
  const enabled = (name: string): boolean => getBoolean(getObject(extensions, name), 'enabled') === true;
  const toDevice = getObject(extensions, 'to_device');
  return {
    toDevice: enabled('to_device')
      ? {
          limit: Math.min(Math.max(getInteger(toDevice, 'limit') ?? TO_DEVICE_MAX, 1), TO_DEVICE_MAX),
          since: getString(toDevice, 'since'),
        }
      : undefined,
    e2ee: enabled('e2ee'),
    accountData: enabled('account_data'),
    receipts: enabled('receipts'),
    typing: enabled('typing'),
    presence: enabled('presence'),
    threads: enabled('threads'),
  };
}

/** Whether a wish covers a pair. */
function covers(wish: StateWish, type: string, stateKey: string): boolean {
  return (wish.type === undefined || wish.type === type) && (wish.stateKey === undefined || wish.stateKey === stateKey);
}

/**
 * Whether state is wanted. Lazily loaded members come from elsewhere, unless a wish names them: a wish for everything
 * does not (the room has thousands of them), a wish for all members does.
 */
export function isRequired(required: RequiredState, type: string, stateKey: string): boolean {
  const lazy = required.lazyMembers && type === 'm.room.member';
  const wanted = required.include.some(
    (wish) => covers(wish, type, stateKey) && !(lazy && wish.type === undefined && wish.stateKey === undefined),
  );
  return wanted && !required.exclude.some((wish) => covers(wish, type, stateKey));
}

/** Whether the required state is to have every member of the room. */
export function wantsAllMembers({ requiredState }: RoomConfig): boolean {
  return !requiredState.lazyMembers && isRequired(requiredState, 'm.room.member', '@');
}

/** "The combined config is the superset": the highest limit, the union of the state. */
export function combineConfigs(configs: readonly RoomConfig[]): RoomConfig {
  const states = configs.map((one) => one.requiredState);
  const allMembers = configs.some(wantsAllMembers);
  return {
    timelineLimit: Math.max(0, ...configs.map((one) => one.timelineLimit)),
    requiredState: {
      include: states.flatMap((one) => [...one.include]),
      exclude: states.length === 1 ? (states[0]?.exclude ?? []) : [],
      lazyMembers: states.some((one) => one.lazyMembers) && !allMembers,
    },
  };
}
