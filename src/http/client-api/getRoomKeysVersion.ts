import { getRoomKeysVersion } from '../../matrix/api/client-server/getRoomKeysVersion.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getRoomKeysVersionRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    getRoomKeysVersion,
    async ({ caller, path }) => (await keys.backups.describe(caller.user, path['version'])) as never,
    { limit: 'keys' },
  );
}
