import { getSpaceHierarchy } from '../../matrix/api/server-server/getSpaceHierarchy.ts';
import type { Services } from '../../server/services.ts';
import { JsonAnswer } from '../kit/answer.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { requireRoomId } from './path-ids.ts';

export function getSpaceHierarchyRoute({ spaces }: Services): FederationRoute {
  return federationRoute(
    getSpaceHierarchy,
    async ({ caller, path, query }) => {
      const roomId = requireRoomId(path['roomId']);
      const told = await spaces.getHierarchyFor(caller, roomId, query.suggested_only === true);
      const { room, children, inaccessibleChildren } = told;
      return new JsonAnswer(200, { room, children, inaccessible_children: inaccessibleChildren });
    },
    { limit: 'read' },
  );
}
