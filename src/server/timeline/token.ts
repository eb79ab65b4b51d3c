/** Pagination tokens: boundaries in the one stream of positions. The tokens of /sync begin alike. */
import { MatrixError } from '../../matrix/errors.ts';

/** The token of a boundary. */
export function formatToken(position: number): string {
  return `t${position}`;
}

/** The boundary of a token of ours, or of a sync answer (`s12_3_4`). Throws `M_INVALID_PARAM`. */
export function parseToken(token: string): number {
  const match = /^(?:t(-?[0-9]{1,15})|s([0-9]{1,15})(?:_[0-9a-z]+){0,4})$/.exec(token);
  if (match === null) throw new MatrixError('M_INVALID_PARAM', 'That is no pagination token of this server');
  return Number(match[1] ?? match[2]);
}
