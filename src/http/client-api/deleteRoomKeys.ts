import { deleteRoomKeys } from '../../matrix/api/client-server/deleteRoomKeys.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function deleteRoomKeysRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    deleteRoomKeys,
    async ({ caller, query }) => await keys.backups.deleteKeys({ user: caller.user, version: query.version }),
    { limit: 'keys' },
  );
}
