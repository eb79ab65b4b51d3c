/** The access token of a request. */
import { MatrixError } from '../../matrix/errors.ts';
import type { Incoming } from './incoming.ts';

/** "Authorization: Bearer TheTokenHere", or the deprecated `access_token` query parameter. */
export function tokenOf(incoming: Incoming): string | undefined {
  const [header] = incoming.headers('authorization');
  if (header !== undefined) {
    const match = /^bearer +(\S+)$/i.exec(header);
    if (match === null) throw new MatrixError('M_MISSING_TOKEN', 'The Authorization header holds no bearer token');
    return match[1];
  }
  const { search } = incoming;
  if (!search.includes('access_token')) return undefined;
  const given = new URLSearchParams(search).getAll('access_token');
  if (given.length > 1) throw new MatrixError('M_UNKNOWN_TOKEN', 'More than one access token', { extra: {} });
  return given[0] === '' ? undefined : given[0];
}
