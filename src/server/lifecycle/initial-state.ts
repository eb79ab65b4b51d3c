/** What a new room begins with: presets, power levels, the order of its first events. Pure. */
import type { UserId } from '../../matrix/ids.ts';
import { getObject, isObject, type JsonObject } from '../../matrix/json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';

export type Preset = 'private_chat' | 'public_chat' | 'trusted_private_chat';

export interface StateDraft {
  readonly type: string;
  readonly stateKey: string;
  readonly content: JsonObject;
}

export interface RoomWish {
  readonly creator: UserId;
  readonly rules: RoomVersionRules;
  readonly preset: Preset;
  readonly creationContent: JsonObject;
  readonly powerLevelOverride: JsonObject | undefined;
  readonly initialState: readonly StateDraft[];
  readonly name: string | undefined;
  readonly topic: string | undefined;
  readonly alias: string | undefined;
  readonly invitees: readonly UserId[];
}

// "Preset | join_rules | history_visibility | guest_access | Other"
const PRESETS: Readonly<Record<Preset, { joinRule: string; guestAccess: string }>> = {
  private_chat: { joinRule: 'invite', guestAccess: 'can_join' },
  trusted_private_chat: { joinRule: 'invite', guestAccess: 'can_join' },
  public_chat: { joinRule: 'public', guestAccess: 'forbidden' },
};

/** The content of the create event. The server's own fields win over the client's. */
export function createContent(wish: RoomWish): JsonObject {
  const { creator, rules } = wish;
  const { creator: _, ...given } = wish.creationContent;
  const content: JsonObject = { ...given, room_version: rules.version };
  if (rules.creator === 'content') content['creator'] = creator;
  // "trusted_private_chat: … in room versions that support it, invitees are added to `additional_creators`."
  if (rules.creator === 'sender and additional' && wish.preset === 'trusted_private_chat' && wish.invitees.length > 0) {
    const listed = Array.isArray(content['additional_creators']) ? content['additional_creators'] : [];
    content['additional_creators'] = [...new Set([...listed, ...wish.invitees])];
  }
  return content;
}

function powerLevels(wish: RoomWish): JsonObject {
  const { rules, creator, preset } = wish;
  const users: JsonObject = {};
  // "Creators … MUST NOT be listed in `users`" where their power is infinite.
  if (!rules.creatorsHaveInfinitePower) {
    users[creator] = 100;
    if (preset === 'trusted_private_chat') for (const invitee of wish.invitees) users[invitee] = 100;
  }
  const base: JsonObject = {
    users,
    users_default: 0,
    events: {
      'm.room.name': 50,
      'm.room.avatar': 50,
      'm.room.canonical_alias': 50,
      'm.room.power_levels': 100,
      'm.room.history_visibility': 100,
      'm.room.server_acl': 100,
      'm.room.encryption': 100,
      // "m.room.tombstone … 150" where only creators should be able to replace the room.
      'm.room.tombstone': rules.creatorsHaveInfinitePower ? 150 : 100,
    },
    events_default: 0,
    state_default: 50,
    ban: 50,
    kick: 50,
    redact: 50,
    invite: preset === 'public_chat' ? 50 : 0,
  };
  return { ...base, ...wish.powerLevelOverride };
}

/**
 * The state events that follow the creator's join, in the order that the specification gives: power levels, alias,
 * the preset's, `initial_state`, name and topic. "Events set by `initial_state` … override those of the preset."
 */
export function firstState(wish: RoomWish): StateDraft[] {
  const preset = PRESETS[wish.preset];
  const state = (type: string, content: JsonObject): StateDraft => ({ type, stateKey: '', content });
  const drafts: StateDraft[] = [state('m.room.power_levels', powerLevels(wish))];
  if (wish.alias !== undefined) drafts.push(state('m.room.canonical_alias', { alias: wish.alias }));
  drafts.push(
    state('m.room.join_rules', { join_rule: preset.joinRule }),
    state('m.room.history_visibility', { history_visibility: 'shared' }),
    state('m.room.guest_access', { guest_access: preset.guestAccess }),
    ...wish.initialState,
  );
  if (wish.name !== undefined) drafts.push(state('m.room.name', { name: wish.name }));
  if (wish.topic !== undefined) drafts.push(state('m.room.topic', topicContent(wish.topic)));
  return lastOfEachKey(drafts);
}

/** "m.topic … the plain text representation" beside the classic field. */
function topicContent(topic: string): JsonObject {
  return { topic, 'm.topic': { 'm.text': [{ body: topic, mimetype: 'text/plain' }] } };
}

/** Of several drafts for one pair only the last counts, at the place of the first. */
function lastOfEachKey(drafts: readonly StateDraft[]): StateDraft[] {
  const byPair = new Map<string, StateDraft>();
  for (const draft of drafts) byPair.set(JSON.stringify([draft.type, draft.stateKey]), draft);
  return [...byPair.values()];
}

/** "Servers SHOULD transfer these state events" to the room that replaces another. */
export const TRANSFERRED_TYPES = [
  'm.room.server_acl',
  'm.room.encryption',
  'm.room.name',
  'm.room.avatar',
  'm.room.topic',
  'm.room.guest_access',
  'm.room.history_visibility',
  'm.room.join_rules',
] as const;

/**
 * The power levels of the old room for the new one. Creators that have infinite power there must not be listed; where
 * creators have none, they get what everything in the room asks at most, so that whoever upgrades can finish the work.
 */
export function transferredPowerLevels(
  content: JsonObject,
  rules: RoomVersionRules,
  creators: readonly string[],
): JsonObject {
  const users = getObject(content, 'users') ?? {};
  const events = getObject(content, 'events') ?? {};
  if (rules.creatorsHaveInfinitePower) {
    const kept = Object.entries(users).filter(([user]) => !creators.includes(user));
    return { ...content, users: Object.fromEntries(kept), events: { ...events, 'm.room.tombstone': 150 } };
  }
  const levels = [...Object.values(events), ...Object.values(users), ...Object.values(content)];
  const highest = levels.reduce<number>((level, one) => (typeof one === 'number' ? Math.max(level, one) : level), 100);
  return { ...content, users: { ...users, ...Object.fromEntries(creators.map((user) => [user, highest])) } };
}

/** "the server should … restrict who can send": in the old room, so that nobody goes on talking there. */
export function restrictedPowerLevels(content: JsonObject): JsonObject | undefined {
  const level = (name: string, fallback: number): number => {
    const value = content[name];
    return typeof value === 'number' ? value : fallback;
  };
  const restricted = Math.max(50, level('users_default', 0) + 1);
  if (level('events_default', 0) >= restricted && level('invite', 0) >= restricted) return undefined;
  return {
    ...content,
    events_default: Math.max(level('events_default', 0), restricted),
    invite: Math.max(level('invite', 0), restricted),
  };
}

/** Reads one entry of `initial_state`. */
export function stateDraftOf(entry: { type: string; state_key?: string; content: unknown }): StateDraft {
  return { type: entry.type, stateKey: entry.state_key ?? '', content: isObject(entry.content) ? entry.content : {} };
}
