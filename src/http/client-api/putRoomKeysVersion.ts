import { putRoomKeysVersion } from '../../matrix/api/client-server/putRoomKeysVersion.ts';
import type { JsonObject } from '../../matrix/json.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function putRoomKeysVersionRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    putRoomKeysVersion,
    async ({ caller, path, body }) => {
      const update = { algorithm: body.algorithm, authData: body.auth_data as JsonObject, version: body.version };
      await keys.backups.update(caller.user, path['version'] ?? '', update);
      return {};
    },
    { limit: 'keys' },
  );
}
