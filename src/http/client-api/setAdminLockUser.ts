import { setAdminLockUser } from '../../matrix/api/client-server/setAdminLockUser.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireAdmin, requireUserId } from './client-route.ts';

export function setAdminLockUserRoute({ accounts }: Services): ClientRoute {
  return clientRoute(
    setAdminLockUser,
    async ({ caller, path, body }) => {
      requireAdmin(caller);
      const account = await accounts.requireLocal(requireUserId(path['userId']));
      // "the server … MUST NOT … the requester's own account", nor that of another administrator.
      if (account.admin) throw new MatrixError('M_FORBIDDEN', 'Administrators cannot be locked');
      await accounts.setFlags(account.user, { locked: body.locked });
      return { locked: body.locked };
    },
    { limit: 'write' },
  );
}
