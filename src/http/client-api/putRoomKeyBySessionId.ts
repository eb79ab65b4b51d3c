import { putRoomKeyBySessionId } from '../../matrix/api/client-server/putRoomKeyBySessionId.ts';
import type { BackupKey } from '../../server/keys/index.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function putRoomKeyBySessionIdRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    putRoomKeyBySessionId,
    async ({ caller, path, query, body }) => {
      const sessions = new Map([[path['sessionId'] ?? '', body as unknown as BackupKey]]);
      return await keys.backups.putKeys(
        caller.user,
        query.version,
        new Map([[requireRoomId(path['roomId']), sessions]]),
      );
    },
    { limit: 'keys' },
  );
}
