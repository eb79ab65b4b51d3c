import { getUserDevices } from '../../matrix/api/server-server/getUserDevices.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { Services } from '../../server/services.ts';
import { JsonText } from '../kit/answer.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { requireUserId } from './path-ids.ts';

export function getUserDevicesRoute({ accounts, keys }: Services): FederationRoute {
  return federationRoute(getUserDevices, async ({ path }) => {
    const user = requireUserId(path['userId']);
    // Whether we know a user of another server is nobody's business (adv-057).
    if (!accounts.isLocal(user)) throw new MatrixError('M_NOT_FOUND', 'There is no such user');
    await accounts.requireLocal(user);
    return new JsonText(JSON.stringify(await keys.listDevicesFor(user)));
  });
}
