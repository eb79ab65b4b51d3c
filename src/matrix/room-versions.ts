/**
 * Room versions as data: one record of rules per version, each "the previous one plus these overrides".
 * Code asks a rule, never a number. `content/rooms/` of the specification.
 */

export interface RedactionRules {
  /** Members of the event that survive. */
  readonly topLevel: ReadonlySet<string>;
  /** Members of `content` that survive, by event type; `all` keeps the whole content. */
  readonly content: ReadonlyMap<string, ReadonlySet<string> | 'all'>;
  /** "Additionally, it allows the `signed` key of the `third_party_invite` key" of member events. */
  readonly keepsSignedInvite: boolean;
}

export interface RoomVersionRules {
  readonly version: string;
  /** Event ids: chosen by the sending server, or the reference hash in one of two base64 alphabets. */
  readonly eventIds: 'assigned' | 'base64' | 'base64url';
  /** `auth_events` and `prev_events`: `[id, hash]` pairs, or plain ids. */
  readonly eventReferences: 'pairs' | 'ids';
  /** The room id is the create event's id with another sigil; the create event itself has none and is no auth event. */
  readonly roomIdIsCreateHash: boolean;
  readonly stateResolution: 'v1' | 'v2' | 'v2.1';
  /** "Servers MUST strictly enforce the JSON format specified in the appendices." */
  readonly strictCanonicalJson: boolean;
  /** "Servers MUST enforce the `valid_until_ts` property from a key request." */
  readonly enforcesKeyValidity: boolean;
  /** Events carry a signature of the server in their event id too. */
  readonly signedByEventIdServer: boolean;
  /** Who may redact is an authorisation rule of the redaction event, not only a condition for applying it. */
  readonly authorisesRedactions: boolean;
  /** `m.room.aliases` has an authorisation rule of its own. */
  readonly authorisesAliases: boolean;
  /** Changes to `notifications` of the power levels are judged like those to `events`. */
  readonly judgesNotificationLevels: boolean;
  readonly allowsKnocking: boolean;
  readonly allowsRestrictedJoins: boolean;
  readonly allowsKnockRestricted: boolean;
  /** How power levels may be written: integers, also integers in strings, also floats (cut at the point). */
  readonly powerLevelForm: 'integers' | 'strings' | 'floats';
  /** Who created the room: `content.creator`, the sender, or the sender with `additional_creators`. */
  readonly creator: 'content' | 'sender' | 'sender and additional';
  /** "The power level of room creators is infinitely high." */
  readonly creatorsHaveInfinitePower: boolean;
  /** The id of the event that a redaction redacts stands in its content. */
  readonly redactsInContent: boolean;
  readonly redaction: RedactionRules;
}

const TOP_LEVEL_V1 = [
  'event_id',
  'type',
  'room_id',
  'sender',
  'state_key',
  'content',
  'hashes',
  'signatures',
  'depth',
  'prev_events',
  'prev_state',
  'auth_events',
  'origin',
  'origin_server_ts',
  'membership',
];
const POWER_LEVELS_V1 = [
  'ban',
  'events',
  'events_default',
  'kick',
  'redact',
  'state_default',
  'users',
  'users_default',
];

type KeepList = readonly (readonly [type: string, keys: readonly string[] | 'all'])[];

/** `previous` with other kept keys for some types; an empty list takes the type out. */
function keeping(previous: RedactionRules | undefined, changes: KeepList): RedactionRules {
  const content = new Map(previous?.content);
  for (const [type, keys] of changes) {
    if (keys === 'all') content.set(type, keys);
    else if (keys.length === 0) content.delete(type);
    else content.set(type, new Set(keys));
  }
  const topLevel = previous?.topLevel ?? new Set(TOP_LEVEL_V1);
  return { topLevel, content, keepsSignedInvite: previous?.keepsSignedInvite ?? false };
}

const REDACTION_V1 = keeping(undefined, [
  ['m.room.member', ['membership']],
  ['m.room.create', ['creator']],
  ['m.room.join_rules', ['join_rule']],
  ['m.room.power_levels', POWER_LEVELS_V1],
  ['m.room.aliases', ['aliases']],
  ['m.room.history_visibility', ['history_visibility']],
]);
// "All significant meaning for `m.room.aliases` has been removed from the redaction algorithm."
const REDACTION_V6 = keeping(REDACTION_V1, [['m.room.aliases', []]]);
// "`m.room.join_rules` events now keep `allow` in addition to other keys."
const REDACTION_V8 = keeping(REDACTION_V6, [['m.room.join_rules', ['join_rule', 'allow']]]);
// "`m.room.member` events now keep `join_authorised_via_users_server`."
const REDACTION_V9 = keeping(REDACTION_V8, [['m.room.member', ['membership', 'join_authorised_via_users_server']]]);
// "The top-level `origin`, `membership`, and `prev_state` properties are no longer protected from redaction."
const REDACTION_V11: RedactionRules = {
  ...keeping(REDACTION_V9, [
    ['m.room.create', 'all'],
    ['m.room.redaction', ['redacts']],
    ['m.room.power_levels', [...POWER_LEVELS_V1, 'invite']],
  ]),
  topLevel: new Set(TOP_LEVEL_V1.filter((key) => !['origin', 'membership', 'prev_state'].includes(key))),
  keepsSignedInvite: true,
};

const V1: RoomVersionRules = {
  version: '1',
  eventIds: 'assigned',
  eventReferences: 'pairs',
  roomIdIsCreateHash: false,
  stateResolution: 'v1',
  strictCanonicalJson: false,
  enforcesKeyValidity: false,
  signedByEventIdServer: true,
  authorisesRedactions: true,
  authorisesAliases: true,
  judgesNotificationLevels: false,
  allowsKnocking: false,
  allowsRestrictedJoins: false,
  allowsKnockRestricted: false,
  powerLevelForm: 'floats',
  creator: 'content',
  creatorsHaveInfinitePower: false,
  redactsInContent: false,
  redaction: REDACTION_V1,
};
const V2: RoomVersionRules = { ...V1, version: '2', stateResolution: 'v2' };
const V3: RoomVersionRules = {
  ...V2,
  version: '3',
  eventIds: 'base64',
  eventReferences: 'ids',
  signedByEventIdServer: false,
  authorisesRedactions: false,
};
const V4: RoomVersionRules = { ...V3, version: '4', eventIds: 'base64url' };
const V5: RoomVersionRules = { ...V4, version: '5', enforcesKeyValidity: true };
const V6: RoomVersionRules = {
  ...V5,
  version: '6',
  strictCanonicalJson: true,
  authorisesAliases: false,
  judgesNotificationLevels: true,
  powerLevelForm: 'strings',
  redaction: REDACTION_V6,
};
const V7: RoomVersionRules = { ...V6, version: '7', allowsKnocking: true };
const V8: RoomVersionRules = { ...V7, version: '8', allowsRestrictedJoins: true, redaction: REDACTION_V8 };
const V9: RoomVersionRules = { ...V8, version: '9', redaction: REDACTION_V9 };
const V10: RoomVersionRules = { ...V9, version: '10', allowsKnockRestricted: true, powerLevelForm: 'integers' };
const V11: RoomVersionRules = {
  ...V10,
  version: '11',
  creator: 'sender',
  redactsInContent: true,
  redaction: REDACTION_V11,
};
const V12: RoomVersionRules = {
  ...V11,
  version: '12',
  roomIdIsCreateHash: true,
  stateResolution: 'v2.1',
  creator: 'sender and additional',
  creatorsHaveInfinitePower: true,
};

/** Every room version that we know, by its identifier, oldest first. */
export const ROOM_VERSIONS: ReadonlyMap<string, RoomVersionRules> = new Map(
  [V1, V2, V3, V4, V5, V6, V7, V8, V9, V10, V11, V12].map((rules) => [rules.version, rules]),
);

/** "Servers SHOULD use room version 12 as the default room version when creating new rooms." */
export const DEFAULT_ROOM_VERSION = '12';

/** The rules of a room version; `undefined` when we do not know it. */
export function findRoomVersion(version: string): RoomVersionRules | undefined {
  return ROOM_VERSIONS.get(version);
}
