import { deleteRoomAlias } from '../../matrix/api/client-server/deleteRoomAlias.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function deleteRoomAliasRoute({ directory }: Services): ClientRoute {
  return clientRoute(
    deleteRoomAlias,
    async ({ caller, path }) => {
      await directory.delete(directory.requireAlias(path['roomAlias'] ?? ''), caller);
      return {};
    },
    { limit: 'write' },
  );
}
