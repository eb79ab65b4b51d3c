import { getRegisterNonce } from '../../matrix/api/synapse-admin/getRegisterNonce.ts';
import { registerWithSecret } from '../../matrix/api/synapse-admin/registerWithSecret.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from '../client-api/client-route.ts';
import { sessionAnswer } from '../client-api/session-answer.ts';

export function getRegisterNonceRoute({ accounts }: Services): ClientRoute {
  return clientRoute(getRegisterNonce, async () => ({ nonce: accounts.sharedSecret.nonce() }));
}

export function registerWithSecretRoute({ accounts, context }: Services): ClientRoute {
  return clientRoute(registerWithSecret, async ({ body }) => {
    const { nonce, username, password, mac, admin = false } = body;
    accounts.sharedSecret.requireValid({ nonce, username, password, admin, userType: body.user_type, mac });
    const account = { localpart: username, passwordHash: await accounts.passwords.hashAny(password), admin };
    const { user, result } = await accounts.registration.create(account, (transaction, created) => {
      if (body.displayname !== undefined) {
        transaction.accounts.setProfileField(created, 'displayname', JSON.stringify(body.displayname));
      }
      return body.inhibit_login === true
        ? undefined
        : accounts.openSession(transaction, created, {
            deviceId: undefined,
            displayName: undefined,
            refreshable: false,
          });
    });
    return { user_id: user, home_server: context.serverName, ...(result !== undefined && sessionAnswer(result)) };
  });
}
