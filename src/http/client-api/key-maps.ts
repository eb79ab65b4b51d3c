import { MatrixError } from '../../matrix/errors.ts';
import { parseUserId, type UserId } from '../../matrix/ids.ts';

/** An object whose keys are user ids, as a map. Throws `M_INVALID_PARAM` for a key that is none. */
export function userMap<T, U>(source: Readonly<Record<string, T>>, read: (value: T) => U): Map<UserId, U> {
  const map = new Map<UserId, U>();
  for (const [text, value] of Object.entries(source)) {
    const user = parseUserId(text);
    if (user === undefined) throw new MatrixError('M_INVALID_PARAM', 'A key is no user id');
    map.set(user, read(value));
  }
  return map;
}
