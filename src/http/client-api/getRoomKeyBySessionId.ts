import { getRoomKeyBySessionId } from '../../matrix/api/client-server/getRoomKeyBySessionId.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function getRoomKeyBySessionIdRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    getRoomKeyBySessionId,
    async ({ caller, path, query }) => {
      const roomId = requireRoomId(path['roomId']);
      const sessionId = path['sessionId'] ?? '';
      const rooms = await keys.backups.getKeys({ user: caller.user, version: query.version, roomId, sessionId });
      const key = rooms.get(roomId)?.get(sessionId);
      if (key === undefined) throw new MatrixError('M_NOT_FOUND', 'The backup holds no such key');
      return key as never;
    },
    { limit: 'keys' },
  );
}
