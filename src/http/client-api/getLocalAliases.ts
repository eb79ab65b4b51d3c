import { getLocalAliases } from '../../matrix/api/client-server/getLocalAliases.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function getLocalAliasesRoute({ directory }: Services): ClientRoute {
  return clientRoute(
    getLocalAliases,
    async ({ caller, path }) => ({
      aliases: await directory.listAliases(requireRoomId(path['roomId']), caller.user),
    }),
    { limit: 'read' },
  );
}
