import { getSpaceHierarchy } from '../../matrix/api/client-server/getSpaceHierarchy.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function getSpaceHierarchyRoute({ spaces }: Services): ClientRoute {
  return clientRoute(
    getSpaceHierarchy,
    async ({ caller, path, query }) => {
      if (query.max_depth !== undefined && query.max_depth < 0)
        throw new MatrixError('M_INVALID_PARAM', 'max_depth is not negative');
      if (query.limit !== undefined && query.limit <= 0) throw new MatrixError('M_INVALID_PARAM', 'limit is positive');
      const page = await spaces.getHierarchy({
        roomId: requireRoomId(path['roomId']),
        user: caller.user,
        suggestedOnly: query.suggested_only === true,
        limit: query.limit ?? 50,
        maxDepth: query.max_depth,
        from: query.from,
      });
      return { rooms: page.rooms as never[], ...(page.nextBatch !== undefined && { next_batch: page.nextBatch }) };
    },
    { limit: 'read' },
  );
}
