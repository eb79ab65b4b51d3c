import { getPublicRooms } from '../../matrix/api/client-server/getPublicRooms.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getPublicRoomsRoute({ directory }: Services): ClientRoute {
  return clientRoute(
    getPublicRooms,
    async ({ query }) => {
      const page = await directory.listPublicRooms({
        limit: query.limit,
        since: query.since,
        term: undefined,
        roomTypes: undefined,
      });
      return {
        chunk: page.chunk as never[],
        total_room_count_estimate: page.total,
        ...(page.nextBatch !== undefined && { next_batch: page.nextBatch }),
        ...(page.prevBatch !== undefined && { prev_batch: page.prevBatch }),
      };
    },
    { limit: 'read' },
  );
}
