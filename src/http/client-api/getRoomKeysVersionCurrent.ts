import { getRoomKeysVersionCurrent } from '../../matrix/api/client-server/getRoomKeysVersionCurrent.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getRoomKeysVersionCurrentRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    getRoomKeysVersionCurrent,
    async ({ caller }) => (await keys.backups.describe(caller.user)) as never,
    { limit: 'keys' },
  );
}
