import { getRoomKeys } from '../../matrix/api/client-server/getRoomKeys.ts';
import { backupAnswer } from './backup-answer.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getRoomKeysRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    getRoomKeys,
    async ({ caller, query }) => {
      const rooms = await keys.backups.getKeys({ user: caller.user, version: query.version });
      return { rooms: backupAnswer(rooms) as never };
    },
    { limit: 'keys' },
  );
}
