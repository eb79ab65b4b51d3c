import { deleteRoomKeysVersion } from '../../matrix/api/client-server/deleteRoomKeysVersion.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function deleteRoomKeysVersionRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    deleteRoomKeysVersion,
    async ({ caller, path }) => {
      await keys.backups.delete(caller.user, path['version'] ?? '');
      return {};
    },
    { limit: 'keys' },
  );
}
