import { queryPublicRooms } from '../../matrix/api/client-server/queryPublicRooms.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';
import { publicRoomsAnswer } from './public-rooms-answer.ts';

export function queryPublicRoomsRoute({ directory }: Services): ClientRoute {
  return clientRoute(
    queryPublicRooms,
    async ({ query, body }) => {
      const page = await directory.listPublicRoomsOf(query.server, {
        limit: body.limit,
        since: body.since,
        term: body.filter?.generic_search_term,
        roomTypes: body.filter?.room_types,
      });
      return publicRoomsAnswer(page);
    },
    { limit: 'read' },
  );
}
