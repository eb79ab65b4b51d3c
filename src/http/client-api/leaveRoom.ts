import { leaveRoom } from '../../matrix/api/client-server/leaveRoom.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function leaveRoomRoute({ lifecycle }: Services): ClientRoute {
  return clientRoute(
    leaveRoom,
    async ({ caller, path, body }) => {
      await lifecycle.memberships.leave(requireRoomId(path['roomId']), caller.user, body.reason);
      return {};
    },
    { limit: 'write' },
  );
}
