/** JSON that clients have sent, as the text that is kept. */
import { CanonicalJsonError, canonicalJson } from './canonical-json.ts';
import { MatrixError } from './errors.ts';
import type { JsonValue } from './json.ts';

/** The canonical text of what becomes part of an event or is signed. Throws `M_BAD_JSON` where it has none. */
export function requireCanonical(value: JsonValue): string {
  try {
    return canonicalJson(value);
  } catch (cause) {
    if (!(cause instanceof CanonicalJsonError)) throw cause;
    throw new MatrixError('M_BAD_JSON', 'Numbers must be integers between -(2^53)+1 and (2^53)-1', { cause });
  }
}

/** The text of what is neither hashed nor signed, and so may hold fractions: a tag's `order` does. */
export function jsonText(value: JsonValue): string {
  return JSON.stringify(value);
}
