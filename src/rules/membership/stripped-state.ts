/** Stripped state: what an invited or knocking user gets to know of a room. */
import type { Pdu } from '../../matrix/events.ts';
import type { RoomId } from '../../matrix/ids.ts';
import { asObject, emptyObject, getObject, getString, type JsonObject, type JsonValue } from '../../matrix/json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import { parsePdu } from '../event-format/parse-pdu.ts';
import type { Sha256 } from '../hashes/hashes.ts';

/** Events of others that are kept for one invite: the specification names seven types, and servers may add some. */
export const STRIPPED_STATE_MAX = 32;

/** "Stripped state events can only have the `sender`, `type`, `state_key` and `content` properties present." */
function stripState(event: JsonObject): JsonObject | undefined {
  const type = getString(event, 'type');
  const sender = getString(event, 'sender');
  const stateKey = getString(event, 'state_key');
  const content = getObject(event, 'content');
  if (type === undefined || sender === undefined || stateKey === undefined || content === undefined) return undefined;
  const stripped = emptyObject();
  stripped['content'] = content;
  stripped['sender'] = sender;
  stripped['state_key'] = stateKey;
  stripped['type'] = type;
  return stripped;
}

/**
 * The stripped events in what another server sent as `invite_room_state` or `knock_room_state`, whatever it sent:
 * "Servers are expected to prune the events into the stripped state schema … before passing the details onto
 * clients."
 */
export function readStrippedState(value: JsonValue | undefined): JsonObject[] {
  const events: JsonObject[] = [];
  for (const entry of Array.isArray(value) ? value : []) {
    const object = asObject(entry);
    const stripped = object === undefined ? undefined : stripState(object);
    if (stripped !== undefined) events.push(stripped);
    if (events.length === STRIPPED_STATE_MAX) break;
  }
  return events;
}

export type InviteState =
  | { readonly accept: true; readonly events: readonly Pdu[] }
  | { readonly accept: false; readonly why: string };

/**
 * Judges an `invite_room_state` by the rules of specification 1.16: every entry in the format of the room version and
 * of the invite's room, the create event among them. The signatures of what it returns are still to be checked. From
 * room version 12 on a "no" is an error; before, servers MAY let it pass.
 */
export function checkInviteState(
  value: JsonValue | undefined,
  roomId: RoomId,
  rules: RoomVersionRules,
  sha256: Sha256,
): InviteState {
  if (!Array.isArray(value)) return { accept: false, why: 'invite_room_state is no list' };
  if (value.length > STRIPPED_STATE_MAX) return { accept: false, why: `more than ${STRIPPED_STATE_MAX} events` };
  const events: Pdu[] = [];
  for (const entry of value) {
    const parsed = parsePdu(entry, rules, sha256);
    if (!parsed.accept) return parsed;
    if (parsed.event.roomId !== roomId) return { accept: false, why: 'an event of another room' };
    events.push(parsed.event);
  }
  const hasCreate = events.some(({ type, stateKey }) => type === 'm.room.create' && stateKey === '');
  return hasCreate ? { accept: true, events } : { accept: false, why: 'no create event' };
}
