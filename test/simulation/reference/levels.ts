/** Power levels as `content/client-server-api` and the room versions describe them, read naively. */
import type { Json, Reading } from './auth.ts';

type Level = number;

/** Defaults "if there is a power levels event" that leaves them out; without one, `state_default` is 0. */
const DEFAULTS = { ban: 50, kick: 50, redact: 50, invite: 0, events_default: 0, state_default: 50, users_default: 0 };

type Named = keyof typeof DEFAULTS;

/** Text; what is none is like what is not there. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A level: before room version 10 also one that is written as text. `undefined` for what is none. */
export function levelOf(value: unknown, version: number): Level | undefined {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  if (version < 10 && typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value)) return Number(value.trim());
  return undefined;
}

/** The users of whom room version 12 says that their power "is infinitely high". */
export function creatorsOf({ state, version }: Reading): string[] {
  const create = state.get('m.room.create|');
  if (create === undefined) return [];
  if (version < 11) return [textOf(create.content['creator'])];
  const more = create.content['additional_creators'];
  return [create.sender, ...(version >= 12 && Array.isArray(more) ? more.map(textOf) : [])];
}

/** A level that has a name. */
export function namedLevel(name: Named, { state, version }: Reading): Level {
  const levels = state.get('m.room.power_levels|');
  if (levels === undefined) return name === 'state_default' ? 0 : DEFAULTS[name];
  return levelOf(levels.content[name], version) ?? DEFAULTS[name];
}

/** How much power a user has. */
export function powerOf(user: string, reading: Reading): Level {
  const { state, version } = reading;
  const isCreator = creatorsOf(reading).includes(user);
  if (version >= 12 && isCreator) return Number.POSITIVE_INFINITY;
  const levels = state.get('m.room.power_levels|');
  // "If there is no power levels event, the creator has 100 and everybody else 0."
  if (levels === undefined) return isCreator ? 100 : 0;
  const users = levels.content['users'] as Record<string, Json> | undefined;
  const own = users !== undefined && Object.hasOwn(users, user) ? levelOf(users[user], version) : undefined;
  return own ?? namedLevel('users_default', reading);
}

/** The power that sending an event of this type takes. */
export function requiredPower(type: string, isState: boolean, reading: Reading): Level {
  const levels = reading.state.get('m.room.power_levels|');
  const events = levels?.content['events'] as Record<string, Json> | undefined;
  const own = events !== undefined && Object.hasOwn(events, type) ? levelOf(events[type], reading.version) : undefined;
  return own ?? namedLevel(isState ? 'state_default' : 'events_default', reading);
}

const PLAIN: readonly Named[] = ['users_default', 'events_default', 'state_default', 'ban', 'redact', 'kick', 'invite'];

/** Rule "If type is `m.room.power_levels`"; the reason why it is not allowed. */
export function checkLevels(
  content: Readonly<Record<string, Json>>,
  sender: string,
  reading: Reading,
): string | undefined {
  const { version, state } = reading;
  const form = checkForm(content, reading);
  if (form !== undefined) return form;
  const before = state.get('m.room.power_levels|')?.content;
  if (before === undefined) return undefined;
  const power = powerOf(sender, reading);
  const above = (value: unknown): boolean => (levelOf(value, version) ?? Number.NEGATIVE_INFINITY) > power;
  for (const name of PLAIN) {
    const [old, fresh] = [before[name], content[name]];
    if (levelOf(old, version) === levelOf(fresh, version)) continue;
    if (above(old) || above(fresh)) return `the level ${name} is above the sender's`;
  }
  for (const name of version >= 6 ? ['events', 'notifications'] : ['events']) {
    for (const { old, fresh } of changesOf(before[name], content[name], version)) {
      if (above(old) || above(fresh)) return `an entry of ${name} is above the sender's level`;
    }
  }
  for (const { key, old, fresh } of changesOf(before['users'], content['users'], version)) {
    if (old !== undefined && key !== sender && (levelOf(old, version) ?? 0) >= power) return 'a user has as much power';
    if (above(fresh)) return 'a user gets more power than the sender has';
  }
  return undefined;
}

function checkForm(content: Readonly<Record<string, Json>>, reading: Reading): string | undefined {
  const { version } = reading;
  const isMap = (value: Json | undefined): value is Record<string, Json> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (version >= 10) {
    for (const name of PLAIN) {
      if (content[name] !== undefined && levelOf(content[name], version) === undefined) return `${name} is no integer`;
    }
    for (const name of ['events', 'notifications']) {
      const map = content[name];
      if (map === undefined) continue;
      if (!isMap(map) || Object.values(map).some((one) => levelOf(one, version) === undefined))
        return `${name} is wrong`;
    }
  }
  const users = content['users'];
  if (users === undefined) return undefined;
  if (!isMap(users)) return 'users is no object';
  for (const [user, level] of Object.entries(users)) {
    if (!/^@[^:]*:.+$/.test(user) || levelOf(level, version) === undefined) return 'users is wrong';
    if (version >= 12 && creatorsOf(reading).includes(user)) return 'a creator stands among the users';
  }
  return undefined;
}

interface Change {
  readonly key: string;
  readonly old: Json | undefined;
  readonly fresh: Json | undefined;
}

/** Entries that were added, changed or removed. */
function changesOf(before: Json | undefined, after: Json | undefined, version: number): Change[] {
  const mapOf = (value: Json | undefined): Map<string, Json> =>
    new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
  const [old, fresh] = [mapOf(before), mapOf(after)];
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .map((key) => ({ key, old: old.get(key), fresh: fresh.get(key) }))
    .filter((one) => levelOf(one.old, version) !== levelOf(one.fresh, version));
}
