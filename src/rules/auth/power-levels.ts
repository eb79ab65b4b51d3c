/** Power levels: reading them by the room version's rules, with the defaults of the specification. */
import type { Pdu, StateLookup } from '../../matrix/events.ts';
import { asObject, getObject, getString, getStrings, getValue, type JsonValue, RawNumber } from '../../matrix/json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';

/** The levels with a property of their own. */
export const LEVEL_NAMES = [
  'users_default',
  'events_default',
  'state_default',
  'ban',
  'redact',
  'kick',
  'invite',
] as const;
export type LevelName = (typeof LEVEL_NAMES)[number];

// "The invite level defaults to 0 if unspecified. The kick level, ban level and redact level each default to 50";
// "the `state_default` is 50", with and without a power levels event.
const DEFAULTS: Readonly<Record<LevelName, number>> = {
  users_default: 0,
  events_default: 0,
  state_default: 50,
  ban: 50,
  redact: 50,
  kick: 50,
  invite: 0,
};
/** "If the room contains no `m.room.power_levels` event, the room's creator has a power level of 100." */
const CREATOR_WITHOUT_EVENT = 100;

// "a single base 10 integer … optionally prefixed with a single `-` or `+` … any number of leading or trailing
// whitespace characters"
const STRINGY_INTEGER = /^\s*[+-]?[0-9]+\s*$/;

/** Reads one level; `undefined` when the room version does not let it be written so. */
export function parseLevel(value: JsonValue | undefined, rules: RoomVersionRules): number | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  if (rules.powerLevelForm === 'integers') return undefined;
  if (typeof value === 'string') {
    const level = STRINGY_INTEGER.test(value) ? Number(value) : Number.NaN;
    return Number.isFinite(level) ? level : undefined;
  }
  if (rules.powerLevelForm !== 'floats') return undefined;
  // "The value is truncated at the decimal point"; "values outside the range … cause the powerlevel event to be
  // rejected".
  const float = value instanceof RawNumber ? value.value : value;
  return typeof float === 'number' && Number.isFinite(float) ? Math.trunc(float) : undefined;
}

/** The users who created the room, by the creator rule of its version. */
export function creatorsOf(create: Pdu, rules: RoomVersionRules): ReadonlySet<string> {
  if (rules.creator === 'content') {
    const creator = getString(create.content, 'creator');
    return new Set(creator === undefined ? [] : [creator]);
  }
  const additional = rules.creator === 'sender' ? undefined : getStrings(create.content, 'additional_creators');
  return new Set([create.sender, ...(additional ?? [])]);
}

/** Who may do what in a room, at the state that a power levels event and the create event give. */
export class PowerLevels {
  readonly #event: Pdu | undefined;
  readonly #rules: RoomVersionRules;
  readonly #creators: ReadonlySet<string>;

  constructor(event: Pdu | undefined, create: Pdu | undefined, rules: RoomVersionRules) {
    this.#event = event;
    this.#rules = rules;
    this.#creators = create === undefined ? new Set() : creatorsOf(create, rules);
  }

  /** The level of a user; creators have infinity where the room version says so. */
  powerLevelOf(user: string): number {
    if (this.#creators.has(user)) {
      if (this.#rules.creatorsHaveInfinitePower) return Number.POSITIVE_INFINITY;
      if (this.#event === undefined) return CREATOR_WITHOUT_EVENT;
    }
    return this.entry('users', user) ?? this.level('users_default');
  }

  /** One of the named levels, or its default. A value that the room version cannot read counts as absent. */
  level(name: LevelName): number {
    return parseLevel(getValue(this.#event?.content, name), this.#rules) ?? DEFAULTS[name];
  }

  /** The entry of `users`, `events` or `notifications`, where there is a readable one. */
  entry(map: 'users' | 'events' | 'notifications', key: string): number | undefined {
    return parseLevel(getValue(getObject(this.#event?.content, map), key), this.#rules);
  }

  /**
   * "The event type is either listed explicitly in the `events` section or given by either `state_default` or
   * `events_default` depending on if the event is a state event or not."
   */
  requiredLevel(type: string, isState: boolean): number {
    return this.entry('events', type) ?? this.level(isState ? 'state_default' : 'events_default');
  }

  /** Whether `user` may send an event of this type, membership aside. */
  maySend(user: string, type: string, isState: boolean): boolean {
    return this.powerLevelOf(user) >= this.requiredLevel(type, isState);
  }

  /** "The level required to trigger an `@room` notification. Defaults to 50 if unspecified." */
  notificationLevel(key: string): number {
    return this.entry('notifications', key) ?? 50;
  }
}

/** The power levels of a room's state. */
export function powerLevelsOf(state: StateLookup, rules: RoomVersionRules): PowerLevels {
  return new PowerLevels(state('m.room.power_levels', ''), state('m.room.create', ''), rules);
}

/** Every level of a power levels content that its room version cannot read, as a path; for a helpful refusal. */
export function findUnreadableLevel(content: Pdu['content'], rules: RoomVersionRules): string | undefined {
  for (const name of LEVEL_NAMES) {
    const value = getValue(content, name);
    if (value !== undefined && parseLevel(value, rules) === undefined) return name;
  }
  const maps = rules.judgesNotificationLevels ? ['events', 'notifications', 'users'] : ['events', 'users'];
  for (const map of maps) {
    const value = getValue(content, map);
    if (value === undefined) continue;
    const entries = asObject(value);
    if (entries === undefined) return map;
    for (const key of Object.keys(entries)) {
      if (parseLevel(entries[key], rules) === undefined) return `${map}.${key}`;
    }
  }
  return undefined;
}
