import { queryProfile } from '../../matrix/api/server-server/queryProfile.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { Services } from '../../server/services.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { requireUserId } from './path-ids.ts';

export function queryProfileRoute({ accounts }: Services): FederationRoute {
  return federationRoute(queryProfile, async ({ query }) => {
    const user = requireUserId(query.user_id);
    await accounts.requireLocal(user);
    const profile = await accounts.profiles.find(user);
    if (profile === undefined) throw new MatrixError('M_NOT_FOUND', 'There is no such user');
    // "If specified, the server MUST only return the given field in the response."
    const fields = [...profile].filter(([name]) => query.field === undefined || name === query.field);
    return Object.fromEntries(fields);
  });
}
