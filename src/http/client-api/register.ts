import { register } from '../../matrix/api/client-server/register.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { sessionAnswer } from './session-answer.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function registerRoute({ accounts }: Services): ClientRoute {
  return clientRoute(
    register,
    async ({ body, query }) => {
      if (query.kind === 'guest') throw new MatrixError('M_GUEST_ACCESS_FORBIDDEN', 'Guests are not allowed here');
      // "If the username is taken or not valid", clients learn it before they go through the stages.
      if (body.username !== undefined) await accounts.registration.requireFree(body.username);
      const session = await accounts.interactiveAuth.require(body.auth, await accounts.registration.requirement());
      if (body.password === undefined) throw new MatrixError('M_MISSING_PARAM', 'The password is missing');
      const token = await accounts.registration.tokenOf(session);
      const account = { localpart: body.username, passwordHash: await accounts.passwords.hash(body.password), token };
      const { user, result } = await accounts.registration.create(account, (transaction, created) =>
        body.inhibit_login === true
          ? undefined
          : accounts.openSession(transaction, created, {
              deviceId: body.device_id,
              displayName: body.initial_device_display_name,
              refreshable: body.refresh_token === true,
            }),
      );
      return result === undefined ? { user_id: user } : sessionAnswer(result);
    },
    { limit: 'register' },
  );
}
