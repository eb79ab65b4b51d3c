import { askPolicyServerToSign } from '../../matrix/api/server-server/askPolicyServerToSign.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';

export function askPolicyServerToSignRoute(): FederationRoute {
  return federationRoute(askPolicyServerToSign, () => {
    // "`M_UNRECOGNIZED` - The server is not a Policy Server."
    throw new MatrixError('M_UNRECOGNIZED', 'This server is no policy server');
  });
}
