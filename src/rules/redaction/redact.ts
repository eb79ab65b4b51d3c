/** The redaction algorithm: which parts of an event survive. Hashes, ids and signatures cover the redacted form. */
import { emptyObject, getObject, isObject, type JsonObject, type JsonValue } from '../../matrix/json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';

/** What redaction leaves of an event's content; the content itself where all of it stays. */
export function redactContent(type: JsonValue | undefined, content: JsonObject, rules: RoomVersionRules): JsonObject {
  const kept = typeof type === 'string' ? rules.redaction.content.get(type) : undefined;
  if (kept === 'all') return content;
  const result = emptyObject();
  if (kept === undefined) return result;
  for (const key of kept) {
    if (Object.hasOwn(content, key)) result[key] = content[key] as JsonValue;
  }
  if (rules.redaction.keepsSignedInvite && type === 'm.room.member') {
    const given = getObject(content, 'third_party_invite');
    if (given !== undefined) {
      const invite = emptyObject();
      if (Object.hasOwn(given, 'signed')) invite['signed'] = given['signed'] as JsonValue;
      result['third_party_invite'] = invite;
    }
  }
  return result;
}

/**
 * The redacted form of an event: "the server must strip off any keys not in the following list". The result is a
 * new object that shares what it keeps; `unsigned` is gone.
 */
export function redact(event: Readonly<JsonObject>, rules: RoomVersionRules): JsonObject {
  const result = emptyObject();
  for (const key of Object.keys(event)) {
    if (!rules.redaction.topLevel.has(key)) continue;
    const value = event[key] as JsonValue;
    result[key] = key === 'content' && isObject(value) ? redactContent(event['type'], value, rules) : value;
  }
  return result;
}
