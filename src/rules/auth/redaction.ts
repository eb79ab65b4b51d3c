/** The rule for `m.room.redaction` in room versions 1 and 2, and when a redaction is applied in any version. */
import type { Pdu, StateLookup } from '../../matrix/events.ts';
import { serverOf } from '../../matrix/ids.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import { acceptIf, type AuthVerdict } from '../verdict.ts';
import type { AuthContext } from './context.ts';
import { powerLevelsOf } from './power-levels.ts';

/** Rule 11 of room versions 1 and 2. */
export function checkRedaction({ event, levels, senderLevel }: AuthContext): AuthVerdict {
  // "If the `sender`'s power level is greater than or equal to the *redact level*, allow."
  const isModerator = senderLevel >= levels.level('redact');
  // "If the domain of the `event_id` of the event being redacted is the same as the domain of the `event_id` of the
  // `m.room.redaction`, allow."
  const server = serverOf(event.eventId);
  const isOwn = server !== undefined && event.redacts !== undefined && serverOf(event.redacts) === server;
  return acceptIf(isModerator || isOwn, 'redaction', 'may not redact events of other servers');
}

/**
 * Whether a server that has both events applies the redaction: "the power level of the redaction event's `sender` is
 * greater than or equal to the *redact level*", or "the domain of the redaction event's `sender` matches that of the
 * original event's `sender`". Never across rooms, and never for the create event, which the room hangs on.
 */
export function mayApplyRedaction(
  redaction: Pdu,
  target: Pdu,
  options: { readonly state: StateLookup; readonly rules: RoomVersionRules },
): boolean {
  if (redaction.redacts !== target.eventId || redaction.roomId !== target.roomId) return false;
  if (target.type === 'm.room.create' || redaction.eventId === target.eventId) return false;
  const server = serverOf(redaction.sender);
  if (server !== undefined && server === serverOf(target.sender)) return true;
  const levels = powerLevelsOf(options.state, options.rules);
  return levels.powerLevelOf(redaction.sender) >= levels.level('redact');
}
