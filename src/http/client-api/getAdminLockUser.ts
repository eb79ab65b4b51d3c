import { getAdminLockUser } from '../../matrix/api/client-server/getAdminLockUser.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireAdmin, requireUserId } from './client-route.ts';

export function getAdminLockUserRoute({ accounts }: Services): ClientRoute {
  return clientRoute(
    getAdminLockUser,
    async ({ caller, path }) => {
      requireAdmin(caller);
      const account = await accounts.requireLocal(requireUserId(path['userId']));
      return { locked: account.locked };
    },
    { limit: 'read' },
  );
}
