import { postRoomKeysVersion } from '../../matrix/api/client-server/postRoomKeysVersion.ts';
import type { JsonObject } from '../../matrix/json.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function postRoomKeysVersionRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    postRoomKeysVersion,
    async ({ caller, body }) => ({
      version: await keys.backups.create(caller.user, body.algorithm, body.auth_data as JsonObject),
    }),
    { limit: 'keys' },
  );
}
