/**
 * The authorisation rules once more: written from `content/rooms/*.md` alone, as naively as they stand there, to be
 * compared with what `src/rules` decides. Third-party invites and restricted joins are not part of lives.
 */
import { checkLevels, creatorsOf, namedLevel, powerOf, requiredPower, textOf } from './levels.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** An event as the rules look at it. */
export interface Event {
  readonly eventId: string;
  readonly type: string;
  readonly sender: string;
  readonly stateKey: string | undefined;
  readonly roomId: string | undefined;
  readonly content: Readonly<Record<string, Json>>;
  readonly prevEvents: readonly string[];
  readonly redacts: string | undefined;
  readonly isRejected: boolean;
}

/** `type|state_key` → event. */
export type StateOf = ReadonlyMap<string, Event>;

export interface Reading {
  readonly version: number;
  readonly state: StateOf;
}

const domainOf = (id: string): string => id.slice(id.indexOf(':') + 1);

/** Rules 1 and 2 (in room version 12: 1 to 3), about the event and what it cites; why it is not allowed. */
export function checkCitations(
  event: Event,
  cited: readonly Event[],
  { version, create }: { readonly version: number; readonly create: Event },
): string | undefined {
  if (event.type === 'm.room.create') return checkCreate(event, version);
  if (version >= 12 && event.roomId !== `!${create.eventId.slice(1)}`)
    return 'the room id is not that of the create event';
  const allowed = selectionOf(event, version);
  const seen = new Set<string>();
  for (const one of cited) {
    const key = `${one.type}|${one.stateKey}`;
    if (seen.has(key)) return `two auth events are ${key}`;
    seen.add(key);
    if (one.stateKey === undefined || !allowed.has(key)) return `${key} does not belong among the auth events`;
    if (one.isRejected) return `the auth event ${key} was rejected`;
    if (version < 12 || one.type !== 'm.room.create') {
      if (one.roomId !== event.roomId) return `the auth event ${key} is of another room`;
    }
  }
  if (version < 12 && !seen.has('m.room.create|')) return 'no create event is among the auth events';
  return undefined;
}

function checkCreate({ prevEvents, roomId, sender, content }: Event, version: number): string | undefined {
  if (prevEvents.length > 0) return 'a create event follows nothing';
  if (version >= 12 ? roomId !== undefined : domainOf(roomId ?? '') !== domainOf(sender)) return 'the room id is wrong';
  if (version < 11 && content['creator'] === undefined) return 'there is no creator';
  return undefined;
}

/** "Auth events selection" */
function selectionOf({ type, sender, stateKey, content }: Event, version: number): Set<string> {
  const keys = new Set(['m.room.power_levels|', `m.room.member|${sender}`]);
  if (version < 12) keys.add('m.room.create|');
  if (type !== 'm.room.member') return keys;
  keys.add(`m.room.member|${stateKey}`);
  if (['join', 'invite', 'knock'].includes(textOf(content['membership']))) keys.add('m.room.join_rules|');
  return keys;
}

/** The other rules, by a state; why the event is not allowed. `typeOf` tells the types of previous events. */
export function checkByState(
  event: Event,
  reading: Reading,
  typeOf: (eventId: string) => string | undefined,
): string | undefined {
  const { version, state } = reading;
  const { type, sender, stateKey, content } = event;
  if (type === 'm.room.create') return undefined;
  const create = state.get('m.room.create|');
  if (create === undefined) return 'the room has no create event';
  if (create.content['m.federate'] === false && domainOf(create.sender) !== domainOf(sender))
    return 'it is not federated';
  if (type === 'm.room.aliases' && version < 6) {
    return stateKey === domainOf(sender) ? undefined : 'aliases of another server';
  }
  if (type === 'm.room.member') return checkMember(event, reading, typeOf);
  if (membershipOf(sender, state) !== 'join') return 'the sender is not joined';
  const power = powerOf(sender, reading);
  if (type === 'm.room.third_party_invite') {
    return power >= namedLevel('invite', reading) ? undefined : 'the sender may not invite';
  }
  if (requiredPower(type, stateKey !== undefined, reading) > power)
    return 'the sender has too little power for this type';
  if (stateKey?.startsWith('@') === true && stateKey !== sender) return 'the state key is another user';
  if (type === 'm.room.power_levels') return checkLevels(content, sender, reading);
  if (type === 'm.room.redaction' && version < 3) {
    const isOwn = domainOf(event.redacts ?? '') === domainOf(event.eventId);
    return power >= namedLevel('redact', reading) || isOwn ? undefined : 'the sender may not redact';
  }
  return undefined;
}

/** A user's membership: `leave` for those who were never there. */
function membershipOf(user: string, state: StateOf): string {
  return textOf(state.get(`m.room.member|${user}`)?.content['membership']) || 'leave';
}

/** Rule "If type is `m.room.member`". */
function checkMember(
  event: Event,
  reading: Reading,
  typeOf: (eventId: string) => string | undefined,
): string | undefined {
  const { version } = reading;
  const { stateKey: target, content } = event;
  if (target === undefined || content['membership'] === undefined) return 'a member event without user or membership';
  switch (content['membership']) {
    case 'join':
      return checkJoin(event, reading, typeOf);
    case 'invite':
      return checkInvite(event, reading);
    case 'leave':
      return checkLeave(event, reading);
    case 'ban':
      return checkBan(event, reading);
    case 'knock':
      return version >= 7 ? checkKnock(event, reading) : 'this room version knows no knocking';
    default:
      return 'an unknown membership';
  }
}

function joinRuleOf({ state }: Reading): string {
  return textOf(state.get('m.room.join_rules|')?.content['join_rule']) || 'invite';
}

function checkJoin(
  { sender, stateKey: target, prevEvents, content }: Event,
  reading: Reading,
  typeOf: (eventId: string) => string | undefined,
): string | undefined {
  const { version, state } = reading;
  const [first, ...others] = prevEvents;
  const followsCreate = first !== undefined && others.length === 0 && typeOf(first) === 'm.room.create';
  if (followsCreate && creatorsOf(reading)[0] === target) return undefined;
  if (sender !== target) return 'one joins for oneself';
  const membership = membershipOf(sender, state);
  if (membership === 'ban') return 'the sender is banned';
  const isKnown = membership === 'invite' || membership === 'join';
  const rule = joinRuleOf(reading);
  if (rule === 'public') return undefined;
  if (rule === 'invite' || (rule === 'knock' && version >= 7)) return isKnown ? undefined : 'the sender is not invited';
  const isRestricted = (rule === 'restricted' && version >= 8) || (rule === 'knock_restricted' && version >= 10);
  if (!isRestricted) return 'the join rule lets nobody in';
  if (isKnown) return undefined;
  const via = textOf(content['join_authorised_via_users_server']);
  const mayInvite = membershipOf(via, state) === 'join' && powerOf(via, reading) >= namedLevel('invite', reading);
  return mayInvite ? undefined : 'nobody vouches for the join';
}

function checkInvite({ sender, stateKey: target = '', content }: Event, reading: Reading): string | undefined {
  if (content['third_party_invite'] !== undefined) throw new Error('third-party invites are not part of lives');
  if (membershipOf(sender, reading.state) !== 'join') return 'the sender is not joined';
  if (['join', 'ban'].includes(membershipOf(target, reading.state))) return 'the target is joined or banned';
  return powerOf(sender, reading) >= namedLevel('invite', reading) ? undefined : 'the sender may not invite';
}

function checkLeave({ sender, stateKey: target = '' }: Event, reading: Reading): string | undefined {
  const { version, state } = reading;
  if (sender === target) {
    const from = version >= 7 ? ['invite', 'join', 'knock'] : ['invite', 'join'];
    return from.includes(membershipOf(sender, state)) ? undefined : 'there is nothing to leave';
  }
  if (membershipOf(sender, state) !== 'join') return 'the sender is not joined';
  const power = powerOf(sender, reading);
  if (membershipOf(target, state) === 'ban' && power < namedLevel('ban', reading)) return 'the sender may not unban';
  const mayKick = power >= namedLevel('kick', reading) && powerOf(target, reading) < power;
  return mayKick ? undefined : 'the sender may not kick';
}

function checkBan({ sender, stateKey: target = '' }: Event, reading: Reading): string | undefined {
  if (membershipOf(sender, reading.state) !== 'join') return 'the sender is not joined';
  const power = powerOf(sender, reading);
  const mayBan = power >= namedLevel('ban', reading) && powerOf(target, reading) < power;
  return mayBan ? undefined : 'the sender may not ban';
}

function checkKnock({ sender, stateKey: target }: Event, reading: Reading): string | undefined {
  const rule = joinRuleOf(reading);
  const isOpen = rule === 'knock' || (rule === 'knock_restricted' && reading.version >= 10);
  if (!isOpen) return 'nobody may knock';
  if (sender !== target) return 'one knocks for oneself';
  return ['ban', 'invite', 'join'].includes(membershipOf(sender, reading.state))
    ? 'the sender need not knock'
    : undefined;
}
