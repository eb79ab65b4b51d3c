import { putRoomKeysByRoomId } from '../../matrix/api/client-server/putRoomKeysByRoomId.ts';
import type { BackupKey } from '../../server/keys/index.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function putRoomKeysByRoomIdRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    putRoomKeysByRoomId,
    async ({ caller, path, query, body }) => {
      const sessions = new Map(Object.entries(body.sessions) as unknown as [string, BackupKey][]);
      return await keys.backups.putKeys(
        caller.user,
        query.version,
        new Map([[requireRoomId(path['roomId']), sessions]]),
      );
    },
    { limit: 'keys' },
  );
}
