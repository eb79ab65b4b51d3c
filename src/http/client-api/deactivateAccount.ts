import { deactivateAccount } from '../../matrix/api/client-server/deactivateAccount.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function deactivateAccountRoute({ accounts, lifecycle }: Services): ClientRoute {
  return clientRoute(
    deactivateAccount,
    async ({ caller, body }) => {
      await accounts.requireConfirmation(caller.user, 'deactivateAccount', body.auth);
      await lifecycle.leaveEverything(caller.user);
      await accounts.deactivate(caller.user);
      // No third-party identifier is bound here, so there is none to unbind.
      return { id_server_unbind_result: 'success' as const };
    },
    { limit: 'login', locked: true },
  );
}
