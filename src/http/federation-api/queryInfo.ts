import { queryInfo } from '../../matrix/api/server-server/queryInfo.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';

export function queryInfoRoute(): FederationRoute {
  return federationRoute(queryInfo, () => {
    // "Known query types are specified as their own endpoints": whatever arrives here is an endpoint that is unknown.
    throw new MatrixError('M_UNRECOGNIZED', 'There is no such query');
  });
}
