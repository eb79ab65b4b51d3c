import { deleteRoomKeyBySessionId } from '../../matrix/api/client-server/deleteRoomKeyBySessionId.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function deleteRoomKeyBySessionIdRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    deleteRoomKeyBySessionId,
    async ({ caller, path, query }) => {
      const scope = { user: caller.user, version: query.version, roomId: requireRoomId(path['roomId']) };
      return await keys.backups.deleteKeys({ ...scope, sessionId: path['sessionId'] ?? '' });
    },
    { limit: 'keys' },
  );
}
