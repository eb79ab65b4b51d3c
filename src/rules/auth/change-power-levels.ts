/** The rules for `m.room.power_levels`. */
import type { Pdu } from '../../matrix/events.ts';
import { parseUserId } from '../../matrix/ids.ts';
import { asObject, getObject, getValue, hasKey, type JsonValue } from '../../matrix/json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import { ACCEPT, type AuthVerdict, reject } from '../verdict.ts';
import type { AuthContext } from './context.ts';
import { creatorsOf, findUnreadableLevel, LEVEL_NAMES, parseLevel } from './power-levels.ts';

/** The new event alone: types, user ids, creators. */
function checkContent({ event, create, rules }: AuthContext): AuthVerdict {
  // "If any of the properties … are present and not an integer, reject"; up to version 9 the rule speaks of `users`
  // only, yet a level that cannot be read cannot be compared either.
  const unreadable = findUnreadableLevel(event.content, rules);
  if (unreadable !== undefined) return reject('power_levels.type', `${unreadable} is no level`);
  const users = asObject(getValue(event.content, 'users')) ?? {};
  const creators = rules.creatorsHaveInfinitePower ? creatorsOf(create, rules) : undefined;
  for (const user of Object.keys(users)) {
    // "… an object with keys that are valid user IDs".
    if (parseUserId(user) === undefined) return reject('power_levels.users', 'users has a key that is no user id');
    // "If the `users` property in `content` contains the `sender` of the `m.room.create` event or any of the
    // `additional_creators` array …, reject."
    if (creators?.has(user) === true) return reject('power_levels.creator', 'users has a creator of the room');
  }
  return ACCEPT;
}

interface Change {
  readonly key: string;
  readonly before: number | undefined;
  readonly after: number | undefined;
}

/** The entries of one object property that were added, changed or removed. */
function* changesOf(before: Pdu, after: Pdu, property: string, rules: RoomVersionRules): Generator<Change> {
  const was: Record<string, JsonValue> = getObject(before.content, property) ?? {};
  const is: Record<string, JsonValue> = getObject(after.content, property) ?? {};
  for (const key of Object.keys(was)) {
    const change = { key, before: parseLevel(was[key], rules), after: parseLevel(getValue(is, key), rules) };
    if (change.before !== change.after) yield change;
  }
  for (const key of Object.keys(is)) {
    if (!hasKey(was, key)) yield { key, before: undefined, after: parseLevel(is[key], rules) };
  }
}

function checkNamedLevels({ event, rules, senderLevel }: AuthContext, current: Pdu): AuthVerdict {
  // "For the properties `users_default`, … `invite` check if they were added, changed or removed. For each found
  // alteration: If the current value is higher than the `sender`'s current power level, reject. If the new value is
  // higher than the `sender`'s current power level, reject."
  for (const name of LEVEL_NAMES) {
    const before = parseLevel(getValue(current.content, name), rules);
    const after = parseLevel(getValue(event.content, name), rules);
    if (before === after) continue;
    if ((before ?? senderLevel) > senderLevel) return reject('power_levels.named', `${name} is above the sender`);
    if ((after ?? senderLevel) > senderLevel) return reject('power_levels.named', `${name} would be above the sender`);
  }
  return ACCEPT;
}

function checkMaps({ event, rules, senderLevel }: AuthContext, current: Pdu): AuthVerdict {
  // "For each entry being changed in, or removed from, the `events` or `notifications` properties: If the current value
  // is greater …, reject. For each entry being added to, or changed in, …: If the new value is greater …, reject."
  for (const property of rules.judgesNotificationLevels ? ['events', 'notifications'] : ['events']) {
    for (const { key, before, after } of changesOf(current, event, property, rules)) {
      const highest = Math.max(before ?? senderLevel, after ?? senderLevel);
      if (highest > senderLevel) return reject(`power_levels.${property}`, `${key} is or would be above the sender`);
    }
  }
  return ACCEPT;
}

function checkUsers({ event, rules, senderLevel }: AuthContext, current: Pdu): AuthVerdict {
  for (const { key, before, after } of changesOf(current, event, 'users', rules)) {
    // "For each entry being changed in, or removed from, the `users` property, other than the `sender`'s own entry: If
    // the current value is greater than or equal to the `sender`'s current power level, reject."
    if (key !== event.sender && before !== undefined && before >= senderLevel) {
      return reject('power_levels.users', `${key} is not below the sender`);
    }
    // "For each entry being added to, or changed in, the `users` property: If the new value is greater than the
    // `sender`'s current power level, reject."
    if (after !== undefined && after > senderLevel) return reject('power_levels.users', `${key} would be above`);
  }
  return ACCEPT;
}

/** Judges a change of the power levels. */
export function checkPowerLevels(context: AuthContext): AuthVerdict {
  const content = checkContent(context);
  if (!content.accept) return content;
  // "If there is no previous `m.room.power_levels` event in the room, allow."
  const current = context.state('m.room.power_levels', '');
  if (current === undefined) return ACCEPT;
  for (const check of [checkNamedLevels, checkMaps, checkUsers]) {
    const verdict = check(context, current);
    if (!verdict.accept) return verdict;
  }
  return ACCEPT;
}
