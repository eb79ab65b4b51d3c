import { deleteRoomKeysByRoomId } from '../../matrix/api/client-server/deleteRoomKeysByRoomId.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function deleteRoomKeysByRoomIdRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    deleteRoomKeysByRoomId,
    async ({ caller, path, query }) => {
      const roomId = requireRoomId(path['roomId']);
      return await keys.backups.deleteKeys({ user: caller.user, version: query.version, roomId });
    },
    { limit: 'keys' },
  );
}
