import { getWellKnown } from '../../matrix/api/server-server/getWellKnown.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { Services } from '../../server/services.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';

export function getWellKnownRoute({ facts }: Services): FederationRoute {
  return federationRoute(getWellKnown, async () => {
    // Without an answer other servers go on with what the name says by itself.
    if (facts.federationName === undefined) throw new MatrixError('M_NOT_FOUND', 'No other name is known');
    return { 'm.server': facts.federationName };
  });
}
