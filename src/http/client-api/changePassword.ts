import { changePassword } from '../../matrix/api/client-server/changePassword.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function changePasswordRoute({ accounts }: Services): ClientRoute {
  return clientRoute(
    changePassword,
    async ({ caller, body }) => {
      if (body.new_password === undefined) throw new MatrixError('M_MISSING_PARAM', 'new_password is missing');
      await accounts.requireConfirmation(caller.user, 'changePassword', body.auth);
      // "logout_devices … defaults to true"
      const endOthers = body.logout_devices === false ? undefined : { keep: caller.device };
      await accounts.setPassword(caller.user, body.new_password, endOthers);
      return {};
    },
    { limit: 'login' },
  );
}
