import { putRoomKeys } from '../../matrix/api/client-server/putRoomKeys.ts';
import type { BackupKey } from '../../server/keys/index.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function putRoomKeysRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    putRoomKeys,
    async ({ caller, query, body }) => {
      const rooms = Object.entries(body.rooms).map(
        ([roomId, { sessions }]) =>
          [requireRoomId(roomId), new Map(Object.entries(sessions) as unknown as [string, BackupKey][])] as const,
      );
      return await keys.backups.putKeys(caller.user, query.version, new Map(rooms));
    },
    { limit: 'keys' },
  );
}
