import { getRoomKeysByRoomId } from '../../matrix/api/client-server/getRoomKeysByRoomId.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function getRoomKeysByRoomIdRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    getRoomKeysByRoomId,
    async ({ caller, path, query }) => {
      const roomId = requireRoomId(path['roomId']);
      const rooms = await keys.backups.getKeys({ user: caller.user, version: query.version, roomId });
      return { sessions: Object.fromEntries(rooms.get(roomId) ?? []) as never };
    },
    { limit: 'keys' },
  );
}
