import { getRoomIdByAlias } from '../../matrix/api/client-server/getRoomIdByAlias.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getRoomIdByAliasRoute({ directory }: Services): ClientRoute {
  return clientRoute(
    getRoomIdByAlias,
    async ({ path }) => {
      const { roomId, servers } = await directory.resolve(directory.requireAlias(path['roomAlias'] ?? ''));
      return { room_id: roomId, servers: [...servers] };
    },
    { limit: 'read' },
  );
}
