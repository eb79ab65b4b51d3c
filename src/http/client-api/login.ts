import { login } from '../../matrix/api/client-server/login.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { JsonObject } from '../../matrix/json.ts';
import { sessionAnswer } from './session-answer.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function loginRoute({ accounts, facts }: Services): ClientRoute {
  return clientRoute(
    login,
    async ({ body }) => {
      if (body.type !== 'm.login.password') throw new MatrixError('M_UNKNOWN', 'Unknown login type', { status: 400 });
      if (body.password === undefined) throw new MatrixError('M_MISSING_PARAM', 'The password is missing');
      const session = await accounts.loginByPassword(body as unknown as JsonObject, body.password, {
        deviceId: body.device_id,
        displayName: body.initial_device_display_name,
        refreshable: body.refresh_token === true,
      });
      return { ...sessionAnswer(session), well_known: { 'm.homeserver': { base_url: facts.publicBaseUrl } } };
    },
    { limit: 'login' },
  );
}
