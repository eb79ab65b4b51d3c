/** From the JSON of a PDU to a typed event: format, then event id. */
import { type Pdu, typePdu } from '../../matrix/events.ts';
import type { JsonObject, JsonValue } from '../../matrix/json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import { identify, type Sha256 } from '../hashes/hashes.ts';
import type { Drop } from '../verdict.ts';
import { checkEventFormat, type EventSource } from './check-event-format.ts';

export interface AcceptedPdu {
  readonly accept: true;
  readonly event: Pdu;
  /** What its signatures cover: the id has been made from it. */
  readonly signedText: string;
}

export type ParsedPdu = AcceptedPdu | Drop;

/**
 * Judges the format of a received PDU and types it. The room version comes from the room's verified create event,
 * never from the peer.
 */
export function parsePdu(json: JsonValue, rules: RoomVersionRules, sha256: Sha256, source?: EventSource): ParsedPdu {
  const verdict = checkEventFormat(json, rules, source);
  if (!verdict.accept) return verdict;
  const object = json as JsonObject;
  const { eventId, signedText } = identify(object, rules, sha256);
  return { accept: true, event: typePdu(object, eventId, rules), signedText };
}
