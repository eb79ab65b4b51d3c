import { getTokenOwner } from '../../matrix/api/client-server/getTokenOwner.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getTokenOwnerRoute(_services: Services): ClientRoute {
  return clientRoute(
    getTokenOwner,
    async ({ caller }) => ({ user_id: caller.user, device_id: caller.device, is_guest: caller.guest }),
    { locked: true },
  );
}
