/**
 * Templates of membership events, as `make_join`, `make_leave` and `make_knock` give them. A hostile server may put any
 * event there; from one only what no one else could know is taken, and everything else is written by us.
 */
import { DEPTH_MAX } from '../../matrix/events.ts';
import { type EventId, parseEventId, parseUserId } from '../../matrix/ids.ts';
import {
  asObject,
  getArray,
  getInteger,
  getObject,
  getString,
  type JsonObject,
  type JsonValue,
} from '../../matrix/json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import { AUTH_EVENTS_MAX, PREV_EVENTS_MAX } from '../event-format/check-event-format.ts';

export interface TemplateExpectation {
  readonly roomId: string;
  readonly userId: string;
  readonly membership: 'join' | 'leave' | 'knock';
  readonly rules: RoomVersionRules;
}

/** What is taken from a template. */
export interface TemplateParts {
  readonly authEvents: readonly EventId[];
  readonly prevEvents: readonly EventId[];
  /** The reference hashes beside the ids, as far as they are told, in room versions that cite both. */
  readonly hashes: ReadonlyMap<EventId, string>;
  readonly depth: number;
  /** The user who vouches for a restricted join. */
  readonly authorisedVia: string | undefined;
}

/** Unpadded base64 of 32 bytes. */
const HASH_LENGTH = 43;

function idsOf(
  value: JsonValue[] | undefined,
  max: number,
  { rules, hashes }: { rules: RoomVersionRules; hashes: Map<EventId, string> },
): EventId[] | undefined {
  if (value === undefined || value.length > max) return undefined;
  const ids: EventId[] = [];
  for (const item of value) {
    const isPair = rules.eventReferences === 'pairs' && Array.isArray(item);
    const [text, hash] = isPair ? item : [item];
    const id = typeof text === 'string' ? parseEventId(text) : undefined;
    if (id === undefined) return undefined;
    // Servers leave the hash out where they have not kept it: then ours is left out, too.
    const sha256 = isPair ? asObject(hash)?.['sha256'] : undefined;
    if (sha256 !== undefined && (typeof sha256 !== 'string' || sha256.length !== HASH_LENGTH)) return undefined;
    if (isPair && asObject(hash) === undefined) return undefined;
    if (sha256 !== undefined) hashes.set(id, sha256);
    ids.push(id);
  }
  return ids;
}

/**
 * The usable parts of a template; `undefined` when it is not the membership event that was asked for. Keys that it has
 * besides are left behind.
 */
export function readTemplate(template: JsonObject, expected: TemplateExpectation): TemplateParts | undefined {
  const { roomId, userId, membership, rules } = expected;
  const content = getObject(template, 'content');
  const isExpected =
    template['type'] === 'm.room.member' &&
    template['room_id'] === roomId &&
    template['sender'] === userId &&
    template['state_key'] === userId &&
    getString(content, 'membership') === membership;
  if (!isExpected) return undefined;
  const hashes = new Map<EventId, string>();
  const authEvents = idsOf(getArray(template, 'auth_events'), AUTH_EVENTS_MAX, { rules, hashes });
  const prevEvents = idsOf(getArray(template, 'prev_events'), PREV_EVENTS_MAX, { rules, hashes });
  if (authEvents === undefined || prevEvents === undefined) return undefined;
  const depth = getInteger(template, 'depth');
  const via = getString(content, 'join_authorised_via_users_server');
  const isVia = via !== undefined && membership === 'join' && rules.allowsRestrictedJoins;
  if (isVia && parseUserId(via) === undefined) return undefined;
  return {
    authEvents,
    prevEvents,
    hashes,
    // An odd depth is no reason to stay out of a room, and no reason to sign it either.
    depth: depth === undefined || depth < 0 ? 1 : Math.min(depth, DEPTH_MAX),
    authorisedVia: isVia ? via : undefined,
  };
}
