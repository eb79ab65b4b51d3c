import { getPublicRooms } from '../../matrix/api/client-server/getPublicRooms.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';
import { publicRoomsAnswer } from './public-rooms-answer.ts';

export function getPublicRoomsRoute({ directory }: Services): ClientRoute {
  return clientRoute(
    getPublicRooms,
    async ({ query }) => {
      const page = await directory.listPublicRoomsOf(query.server, {
        limit: query.limit,
        since: query.since,
        term: undefined,
        roomTypes: undefined,
      });
      return publicRoomsAnswer(page);
    },
    { limit: 'read' },
  );
}
