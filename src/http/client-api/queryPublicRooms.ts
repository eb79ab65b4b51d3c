import { queryPublicRooms } from '../../matrix/api/client-server/queryPublicRooms.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';
import { publicRoomsAnswer } from './public-rooms-answer.ts';

export function queryPublicRoomsRoute({ directory }: Services): ClientRoute {
  return clientRoute(
    queryPublicRooms,
    async ({ body }) => {
      const page = await directory.listPublicRooms({
        limit: body.limit,
        since: body.since,
        term: body.filter?.generic_search_term,
        roomTypes: body.filter?.room_types as (string | null)[] | undefined,
      });
      return publicRoomsAnswer(page);
    },
    { limit: 'read' },
  );
}
