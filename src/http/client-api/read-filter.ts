import { MatrixError } from '../../matrix/errors.ts';
import { isObject, type JsonObject } from '../../matrix/json.ts';
import { JsonParseError, parseJson } from '../../matrix/json-parse.ts';

/** A filter given as JSON in a query parameter. Throws `M_INVALID_PARAM`. */
export function readFilter(text: string | undefined): JsonObject | undefined {
  if (text === undefined) return undefined;
  try {
    const filter = parseJson(text);
    if (isObject(filter)) return filter;
  } catch (cause) {
    if (!(cause instanceof JsonParseError)) throw cause;
  }
  throw new MatrixError('M_INVALID_PARAM', 'The filter is no JSON object');
}
