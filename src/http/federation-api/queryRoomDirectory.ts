import { queryRoomDirectory } from '../../matrix/api/server-server/queryRoomDirectory.ts';
import type { Services } from '../../server/services.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';

export function queryRoomDirectoryRoute({ directory }: Services): FederationRoute {
  return federationRoute(queryRoomDirectory, async ({ query }) => {
    const { roomId, servers } = await directory.resolveLocal(directory.requireAlias(query.room_alias));
    return { room_id: roomId, servers: [...servers] };
  });
}
